import ModelGraph
import Tensors

/// A scale or bias that broadcasts to a tensor normalised from `axis` on.
struct RowOperand {
  let tensor: Tensor
  private let shape: Shape
  private let axis: Int

  /// Input `index`, which must broadcast to `input`'s shape in one direction.
  ///
  /// - Throws: `OperatorError.missingInput`, `.inputType`, `.inputShape`.
  init(
    _ context: ExecutionContext, _ index: Int, _ name: String, _ input: Tensor, axis: Int
  ) throws {
    tensor = try context.input(index, name, input.dtype)
    shape = input.shape
    self.axis = axis
    guard shape.broadcast(with: tensor.shape) == shape else {
      throw OperatorError.inputShape(
        index: index, expected: "a shape that broadcasts to \(shape)", found: tensor.shape)
    }
  }

  /// The elements, where each row takes the same `count` of them in order.
  func row<Real: RealElement>(as type: Real.Type) -> UnsafePointer<Real>? {
    let row = Array(shape.dimensions[axis...])
    var own = tensor.shape.dimensions
    while own.count > row.count, own.first == 1 { own.removeFirst() }
    return own == row ? tensor.pointer(as: Real.self) : nil
  }

  /// Combines each element of `target` with this operand's.
  func apply<Real: RealElement>(
    _ operation: (Real, Real) -> Real, to target: Tensor, as type: Real.Type
  ) throws {
    let broadcast = Broadcast([target.shape, tensor.shape], to: target.shape)
    combineElements(
      broadcast, target.pointer(as: Real.self), tensor.pointer(as: Real.self),
      into: target.mutablePointer(as: Real.self), operation)
  }
}
