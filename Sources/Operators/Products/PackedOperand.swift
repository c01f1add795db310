import Kernels
import ModelGraph
import Tensors

/// A constant matrix packed for fp32 products when a plan is built, in the type it is stored in.
struct PackedOperand: Sendable {
  let matrix: PackedMatrix
  /// The constant's own shape.
  let shape: Shape

  /// Packs the right operand `[depth, columns]` (or, transposed, `[columns, depth]`; a vector is a
  /// column) of fp32, fp16 or bf16; nil for other types.
  init?(right constant: ConstantOperand, isTransposed: Bool = false) throws {
    shape = constant.shape
    guard constant.dtype == .float32 || constant.dtype.isHalf, (1...2).contains(shape.rank) else {
      return nil
    }
    if let stored = try StoredWeight(constant)?.matrix(isTransposed: isTransposed) {
      matrix = stored
      return
    }
    let tensor = try constant.materialized().converted(to: .float32)
    let width = shape.rank == 1 ? 1 : shape[1]
    matrix = try PackedMatrix(
      packing: tensor.pointer(), as: .right, lanes: isTransposed ? shape[0] : width,
      depth: isTransposed ? width : shape[0], laneStride: isTransposed ? width : 1,
      depthStride: isTransposed ? 1 : width)
    withExtendedLifetime(tensor) {}
  }
}
