import Kernels
import Tensors

/// What follows a fused product or convolution: a value added, then an activation.
struct FusedTail: Sendable {
  /// The function applied last.
  let activation: FusedActivation
  /// What is added to the result: of its shape, or broadcast against it.
  let residual: Tensor?

  /// Takes the kernel's epilogue along where the residual lies as the result of `shape` does, or
  /// there is none; false where the tail is to be applied afterwards.
  func join(_ epilogue: inout ProductEpilogue, _ shape: Shape) -> Bool {
    if let residual {
      guard residual.shape == shape else { return false }
      epilogue.residual = residual.pointer()
    }
    epilogue.activation = activation.function
    return true
  }

  /// `result`, which may be written over, with the residual added, by broadcasting, and the
  /// activation applied.
  func applied(to result: Tensor, _ context: ExecutionContext) throws -> Tensor {
    var output = result
    if let residual {
      let broadcast = try Broadcast([result.shape, residual.shape])
      if broadcast.shape != result.shape {
        output = try context.allocate(.float32, broadcast.shape)
      }
      if output.elementCount > 0 {
        combineFloats(broadcast, .add, result, residual, output)
      }
    }
    activation.apply(to: output)
    return output
  }
}
