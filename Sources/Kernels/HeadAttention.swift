import CImgKernels

/// fp32 attention over heads by blocks of keys: the scores of all queries never exist at once.
public enum HeadAttention {
  /// An operand: row r of head h of image i begins at `data[i * batch + h * head + r * row]`, and
  /// its elements are neighbours.
  public struct Rows<Pointer> {
    let data: Pointer
    let strides: imgk_heads

    /// Rows at these distances, in elements, none of them negative.
    public init(_ data: Pointer, batch: Int, head: Int, row: Int) {
      self.data = data
      strides = imgk_heads(batch: batch, head: head, row: row)
    }
  }

  /// The extents: `heads` of queries, `share` of which use the same keys and values.
  public struct Extents {
    public var (batch, heads, share) = (1, 1, 1)
    public var (queries, keys) = (0, 0)
    public var (size, valueSize) = (0, 0)

    public init() {}
  }

  /// softmax(scale · Q Kᵀ) V (Vaswani et al. 2017) into `y`, which overlaps no operand.
  ///
  /// There is at least one key. Exponentials are fp32 (1 ulp), of less than -87 those of -87. The
  /// bits depend neither on the instruction set nor on the number of threads.
  ///
  /// - Throws: `KernelError.outOfMemory`.
  public static func run(
    _ q: Rows<UnsafePointer<Float>>, _ k: Rows<UnsafePointer<Float>>,
    _ v: Rows<UnsafePointer<Float>>, into y: Rows<UnsafeMutablePointer<Float>>, scale: Float,
    extents: Extents
  ) throws(KernelError) {
    precondition(extents.share > 0 && extents.heads % extents.share == 0 && extents.keys > 0)
    var attention = imgk_attention(
      batch: extents.batch, heads: extents.heads, share: extents.share, queries: extents.queries,
      keys: extents.keys, size: extents.size, value_size: extents.valueSize, scale: scale,
      q: q.data, k: k.data, v: v.data, y: y.data, q_rows: q.strides, k_rows: k.strides,
      v_rows: v.strides, y_rows: y.strides)
    guard imgk_attention_run(&attention) == 0 else {
      let elements = (extents.size + extents.valueSize) * extents.keys
      throw .outOfMemory(kernel: "HeadAttention", byteCount: 4 * elements)
    }
  }
}
