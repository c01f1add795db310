import Kernels
import Tensors

/// AdamW (Loshchilov and Hutter, 2019, algorithm 2), as PyTorch computes it:
///
///     θ ← θ (1 − rate · decay)
///     m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
///     θ ← θ − rate · (m / (1 − β₁ᵏ)) / (√(v / (1 − β₂ᵏ)) + ε)   in step k
public struct AdamW: Sendable {
  private let settings: AdamWSettings
  /// m of each parameter.
  public private(set) var means: [Tensor]
  /// v of each parameter.
  public private(set) var squares: [Tensor]

  /// Moments of zeros for parameters like `parameters`.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  public init(_ settings: AdamWSettings, like parameters: [Tensor]) throws(TensorError) {
    self.settings = settings
    means = try parameters.map { tensor throws(TensorError) in
      try Tensor(zeros: .float32, tensor.shape)
    }
    squares = try parameters.map { tensor throws(TensorError) in
      try Tensor(zeros: .float32, tensor.shape)
    }
  }

  /// Moments as they stood.
  public init(_ settings: AdamWSettings, means: [Tensor], squares: [Tensor]) {
    self.settings = settings
    self.means = means
    self.squares = squares
  }

  /// The parameters after step number `step` (from 1); each gradient counts `scale` times.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  public mutating func step(
    _ parameters: [Tensor], _ gradients: [Tensor], scale: Float, rate: Float, step: Int
  ) throws(TensorError) -> [Tensor] {
    var moved: [Tensor] = []
    for index in parameters.indices {
      let results = try (0..<3).map { _ throws(TensorError) in
        try Tensor(uninitialized: .float32, parameters[index].shape)
      }
      update(
        index, parameters[index], gradients[index], scale: scale, rate: rate, step: step,
        into: results)
      (means[index], squares[index]) = (results[1], results[2])
      moved.append(results[0])
    }
    return moved
  }

  private func update(
    _ index: Int, _ parameter: Tensor, _ gradient: Tensor, scale: Float, rate: Float, step: Int,
    into results: [Tensor]
  ) {
    let (beta1, beta2) = (settings.beta1, settings.beta2)
    let meanBias = 1 - Self.power(beta1, step)
    let squareBias = (1 - Self.power(beta2, step)).squareRoot()
    let (kept, size) = (1 - rate * settings.weightDecay, rate / meanBias)
    let (theta, g) = (parameter.pointer(as: Float.self), gradient.pointer(as: Float.self))
    let (m, v) = (means[index].pointer(as: Float.self), squares[index].pointer(as: Float.self))
    let targets = results.map { $0.mutablePointer(as: Float.self) }
    let (newTheta, newM, newV) = (targets[0], targets[1], targets[2])
    let epsilon = settings.epsilon
    Parallel.forEach(count: parameter.elementCount, grain: 16_384) { range in
      for place in range {
        let slope = g[place] * scale
        let mean = beta1 * m[place] + (1 - beta1) * slope
        let square = beta2 * v[place] + (1 - beta2) * slope * slope
        newM[place] = mean
        newV[place] = square
        newTheta[place] =
          theta[place] * kept - size * mean / (square.squareRoot() / squareBias + epsilon)
      }
    }
    withExtendedLifetime((parameter, gradient, self)) {}
  }

  /// base to the power of a whole exponent.
  private static func power(_ base: Float, _ exponent: Int) -> Float {
    var (result, square, rest) = (1.0, Double(base), exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return Float(result)
  }
}
