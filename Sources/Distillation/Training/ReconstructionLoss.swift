import Diffusion
import Tensors

/// mean((x̂₀ − target)²), the losses (i) and (ii) of the paper (arXiv 2405.05224, section 3), whose
/// targets are constants.
struct ReconstructionLoss {
  /// The loss.
  let value: Float
  /// Its gradient with respect to x̂₀.
  var gradient: Tensor

  /// The loss of `estimate` and its gradient.
  init(_ estimate: Tensor, target: Tensor) throws {
    gradient = try Tensor(uninitialized: .float32, estimate.shape)
    let (x, y) = (estimate.pointer(as: Float.self), target.pointer(as: Float.self))
    let slope = gradient.mutablePointer(as: Float.self)
    let count = estimate.elementCount
    var sum = 0.0
    for index in 0..<count {
      let difference = x[index] - y[index]
      sum += Double(difference) * Double(difference)
      slope[index] = 2 * difference / Float(count)
    }
    withExtendedLifetime((estimate, target)) {}
    value = Float(sum / Double(max(1, count)))
  }
}

extension Prediction {
  /// dx̂₀ / d(prediction), one number for all elements: −σ / α for ε, 1 for x̂₀, −σ for v.
  func estimateSlope(alpha: Float, sigma: Float) -> Float {
    switch self {
    case .epsilon: -sigma / alpha
    case .sample: 1
    case .velocity: -sigma
    }
  }
}

extension Tensor {
  /// The elements times `factor`.
  func scaled(by factor: Float) throws -> Tensor {
    let result = try Tensor(uninitialized: .float32, shape)
    let (source, target) = (pointer(as: Float.self), result.mutablePointer(as: Float.self))
    for index in 0..<elementCount { target[index] = source[index] * factor }
    withExtendedLifetime(self) {}
    return result
  }
}
