import Kernels
import Tensors

/// The Euclidean norm of all gradients together.
enum GradientNorm {
  /// The norm; each tensor's squares are summed as `Reduction.sumOfSquares` does, their sums in
  /// fp64.
  static func of(_ gradients: [Tensor]) -> Float {
    var sum = 0.0
    for gradient in gradients {
      sum += Double(
        Reduction.sumOfSquares(gradient.pointer(as: Float.self), count: gradient.elementCount))
    }
    return Float(sum.squareRoot())
  }

  /// What gradients of norm `norm` are multiplied by so that it is at most `limit`.
  static func clippingScale(_ norm: Float, limit: Float) -> Float {
    // As PyTorch's clip_grad_norm_, which keeps the divisor off zero.
    min(1, limit / (norm + 1e-6))
  }
}
