import Kernels
import Operators
import Tensors

/// A component's weights with low-rank updates added.
///
/// A range of a tensor is updated as it is read, in fp32, and rounded to the stored type once; no
/// tensor is held in memory, only the updates are.
struct FoldedWeights: TensorSource {
  private let base: any TensorSource
  private let updates: [Int: [LowRankUpdate]]

  /// `base` with `updates` by the tensors' indices; each fits its tensor.
  init(_ base: any TensorSource, updates: [Int: [LowRankUpdate]]) {
    self.base = base
    self.updates = updates
  }

  var tensors: [TensorInfo] { base.tensors }

  func checkUnchanged() throws { try base.checkUnchanged() }

  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard let updates = updates[index], !buffer.isEmpty else {
      return try base.read(index, at: offset, into: buffer)
    }
    let dtype = base.tensors[index].dtype
    let first = offset / dtype.byteWidth
    let end = (offset + buffer.count + dtype.byteWidth - 1) / dtype.byteWidth
    let stored = try Tensor(uninitialized: dtype, Shape(checking: [end - first]))
    try base.read(
      index, at: first * dtype.byteWidth,
      into: UnsafeMutableRawBufferPointer(start: stored.buffer.base, count: stored.byteCount))
    let sum = try Tensor(uninitialized: .float32, stored.shape)
    let values = sum.mutablePointer(as: Float.self)
    try stored.converted(to: .float32).withElements(of: Float.self) { elements in
      for (place, value) in elements.enumerated() { values[place] = value }
    }
    for update in updates { try add(update, to: values, from: first, to: end) }
    try sum.converted(to: dtype).withBytes { bytes in
      let start = offset - first * dtype.byteWidth
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + buffer.count)]))
    }
  }

  /// Adds the elements `first ..< end` of factor · up · down, whole rows at a time.
  private func add(
    _ update: LowRankUpdate, to values: UnsafeMutablePointer<Float>, from first: Int, to end: Int
  ) throws {
    let columns = update.columns
    let rows = (first / columns)..<((end + columns - 1) / columns)
    let change = try Tensor(uninitialized: .float32, Shape(checking: [rows.count, columns]))
    let product = MatrixProduct(rows: rows.count, depth: update.rank, columns: columns)
    product.run(
      .strided(
        update.up.pointer(as: Float.self) + rows.lowerBound * update.rank,
        rowStride: update.rank, columnStride: 1),
      .strided(update.down.pointer(as: Float.self), rowStride: columns, columnStride: 1),
      into: change.mutablePointer(as: Float.self))
    let source = change.pointer(as: Float.self)
    let start = rows.lowerBound * columns
    for element in first..<end {
      values[element - first] += update.factor * source[element - start]
    }
  }
}
