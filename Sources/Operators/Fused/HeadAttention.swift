import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.HeadAttention`: softmax(Q Kᵀ · scale) V of fp32 operands `[N, length, heads, size]`
/// (attribute `…_layout` 0) or `[N, heads, length, size]` (1), the result laid out as
/// `output_layout` says.
///
/// Batches and heads of extent 1 are stretched, as MatMul stretches them. The scale is attribute `scale` times the inputs 3 and later, each of one element.
struct HeadAttentionOperator: Operator {
  static let opType = "HeadAttention"
  static let domain = FusedOperators.domain

  private let scale: Float
  /// Whether heads come before positions, for Q, K, V and the result.
  private let headsFirst: [Bool]

  init(_ attributes: inout AttributeReader) throws {
    scale = try attributes.float("scale", default: 1)
    var headsFirst: [Bool] = []
    for name in ["query_layout", "key_layout", "value_layout", "output_layout"] {
      headsFirst.append(try attributes.flag(name, default: true))
    }
    self.headsFirst = headsFirst
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (query, value) = (try context.type(0, "Q"), try context.type(2, "V"))
    guard let q = query.dimensions, let v = value.dimensions, q.count == 4, v.count == 4 else {
      return [TensorType(query.dtype, [.unknown, .unknown, .unknown, .unknown])]
    }
    let heads = q[headsFirst[0] ? 1 : 2]
    let length = q[headsFirst[0] ? 2 : 1]
    return [
      TensorType(
        query.dtype, headsFirst[3] ? [q[0], heads, length, v[3]] : [q[0], length, heads, v[3]])
    ]
  }

  /// The extents and strides of one operand.
  private struct Layout {
    let (batch, heads, length, size): (Int, Int, Int, Int)
    let isHeadsFirst: Bool

    init(_ shape: Shape, _ index: Int, _ isHeadsFirst: Bool) throws {
      guard shape.rank == 4 else {
        throw OperatorError.inputShape(index: index, expected: "four axes", found: shape)
      }
      (batch, size) = (shape[0], shape[3])
      (heads, length) = isHeadsFirst ? (shape[1], shape[2]) : (shape[2], shape[1])
      self.isHeadsFirst = isHeadsFirst
    }

    func rows<Pointer>(_ data: Pointer) -> HeadAttention.Rows<Pointer> {
      HeadAttention.Rows(
        data, batch: batch == 1 ? 0 : heads * length * size,
        head: heads == 1 ? 0 : isHeadsFirst ? length * size : size,
        row: isHeadsFirst ? size : heads * size)
    }
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let tensors = try (0..<3).map { try context.input($0, ["Q", "K", "V"][$0], .float32) }
    let layouts = try (0..<3).map { try Layout(tensors[$0].shape, $0, headsFirst[$0]) }
    let (q, k, v) = (layouts[0], layouts[1], layouts[2])
    guard let batch = Self.stretched(layouts.map(\.batch)),
      let heads = Self.stretched(layouts.map(\.heads)), q.size == k.size, k.length == v.length
    else {
      throw OperatorError.mismatch(
        expected: "Q, K and V of one batch and as many heads",
        found: "\(tensors[0].shape), \(tensors[1].shape) and \(tensors[2].shape)")
    }
    let shape =
      headsFirst[3] ? [batch, heads, q.length, v.size] : [batch, q.length, heads, v.size]
    let output = try context.allocate(.float32, Shape.checked(shape))
    guard output.elementCount > 0 else { return [output] }
    guard k.length > 0 else {
      throw OperatorError.inputShape(index: 1, expected: "keys", found: tensors[1].shape)
    }
    var extents = HeadAttention.Extents()
    (extents.batch, extents.heads, extents.queries) = (batch, heads, q.length)
    (extents.keys, extents.size, extents.valueSize) = (k.length, q.size, v.size)
    try HeadAttention.run(
      q.rows(tensors[0].pointer()), k.rows(tensors[1].pointer()), v.rows(tensors[2].pointer()),
      into: Layout(output.shape, 0, headsFirst[3]).rows(output.mutablePointer()),
      scale: try wholeScale(context), extents: extents)
    return [output]
  }

  /// The extent that all are stretched to; nil where they do not fit.
  private static func stretched(_ extents: [Int]) -> Int? {
    let whole = extents.first { $0 != 1 } ?? 1
    return extents.allSatisfy { $0 == whole || $0 == 1 } ? whole : nil
  }

  private func wholeScale(_ context: ExecutionContext) throws -> Float {
    var whole = scale
    for index in context.inputs.indices.dropFirst(3) {
      let factor = try context.input(index, "scale", .float32)
      guard factor.elementCount == 1 else {
        throw OperatorError.inputShape(index: index, expected: "one element", found: factor.shape)
      }
      whole *= factor.array(of: Float.self)[0]
    }
    return whole
  }
}
