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
    let info = base.tensors[index]
    let width = info.dtype.byteWidth
    // Whole rows, so that their lengths are known.
    let columns = info.shape.elementCount / info.shape[0]
    let rows = (offset / width / columns)..<((offset + buffer.count - 1) / width / columns + 1)
    let stored = try Tensor(uninitialized: info.dtype, Shape(checking: [rows.count * columns]))
    let start = rows.lowerBound * columns * width
    try base.read(
      index, at: start,
      into: UnsafeMutableRawBufferPointer(start: stored.buffer.base, count: stored.byteCount))
    let sum = try Tensor(uninitialized: .float32, stored.shape)
    let values = sum.mutablePointer(as: Float.self)
    try stored.converted(to: .float32).withElements(of: Float.self) { elements in
      for (place, value) in elements.enumerated() { values[place] = value }
    }
    for update in updates { try add(update, to: values, rows) }
    try sum.converted(to: info.dtype).withBytes { bytes in
      let first = offset - start
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[first..<(first + buffer.count)]))
    }
  }

  /// Adds the rows `rows` of factor · up · down and brings them to their lengths.
  private func add(
    _ update: LowRankUpdate, to values: UnsafeMutablePointer<Float>, _ rows: Range<Int>
  ) throws {
    let columns = update.columns
    let change = try Tensor(uninitialized: .float32, Shape(checking: [rows.count, columns]))
    let product = MatrixProduct(rows: rows.count, depth: update.rank, columns: columns)
    product.run(
      .strided(
        update.up.pointer(as: Float.self) + rows.lowerBound * update.rank,
        rowStride: update.rank, columnStride: 1),
      .strided(update.down.pointer(as: Float.self), rowStride: columns, columnStride: 1),
      into: change.mutablePointer(as: Float.self))
    let source = change.pointer(as: Float.self)
    for element in 0..<(rows.count * columns) {
      values[element] += update.factor * source[element]
    }
    guard let magnitudes = update.magnitudes else { return }
    magnitudes.withElements(of: Float.self) { lengths in
      for (place, row) in rows.enumerated() {
        Self.stretch(values + place * columns, columns, to: lengths[row])
      }
    }
  }

  /// Brings a row to `length`; a row of zeros stays one.
  private static func stretch(
    _ row: UnsafeMutablePointer<Float>, _ count: Int, to length: Float
  ) {
    let squares = (0..<count).reduce(0.0) { $0 + Double(row[$1]) * Double(row[$1]) }
    guard squares > 0 else { return }
    let factor = length / Float(squares.squareRoot())
    for column in 0..<count { row[column] *= factor }
  }
}
