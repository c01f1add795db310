import ModelGraph
import Tensors

/// A constant table kept in the smaller type it is stored in, whose rows are converted as they are
/// looked up: embeddings.
struct StoredTable: Sendable {
  private let constant: ConstantOperand

  /// The table's extents.
  var shape: Shape { constant.shape }

  /// The table behind `constant`; nil for one that is not stored in a smaller type, or has scales
  /// that rows share in blocks.
  init?(_ constant: ConstantOperand) {
    switch constant {
    case .tensor: return nil
    case .cast: break
    case .dequantized(let operand):
      guard operand.values.dtype != .string, operand.blockSize == 0 || operand.axis != 0 else {
        return nil
      }
    }
    self.constant = constant
  }

  /// The rows `indices` (each within the table), as `[extents of shape…, extents of a row…]`.
  func rows(_ indices: [Int], as shape: Shape) throws -> Tensor {
    let result = try Shape(
      checking: shape.dimensions + Array(self.shape.dimensions.dropFirst()))
    switch constant {
    case .tensor(let table): return try Self.rows(indices, of: table).reshaped(result)
    case .cast(let table, let dtype):
      return try Self.rows(indices, of: table).converted(to: dtype).reshaped(result)
    case .dequantized(let operand):
      let own = operand.axis == 0 && operand.scale.elementCount > 1
      let picksScales = own || operand.blockSize > 0
      let gathered = ConstantOperand.dequantized(
        DequantizedOperand(
          values: try Self.rows(indices, of: operand.values),
          scale: picksScales ? try Self.rows(indices, of: operand.scale) : operand.scale,
          zeroPoint: try operand.zeroPoint.map {
            picksScales ? try Self.rows(indices, of: $0) : $0
          },
          axis: operand.axis, blockSize: operand.blockSize, dequantize: operand.dequantize))
      return try gathered.materialized().reshaped(result)
    }
  }

  private static func rows(_ indices: [Int], of table: Tensor) throws -> Tensor {
    var extents = table.shape.dimensions
    extents[0] = indices.count
    let shape = try Shape(checking: extents)
    let rows = Tensor(
      table.dtype, shape,
      buffer: try TensorBuffer(byteCount: shape.elementCount * table.dtype.byteWidth))
    GatheredSlices(split: AxisSplit(table.shape, axis: 0), byteWidth: table.dtype.byteWidth)
      .copy(indices, from: table.rawPointer, to: rows.mutableRawPointer)
    return rows
  }
}
