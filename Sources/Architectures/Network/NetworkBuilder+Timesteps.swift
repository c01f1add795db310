import Foundation
import ModelGraph
import Tensors

/// How timesteps become sines and cosines (Vaswani et al. 2017; diffusers `Timesteps`).
public struct SinusoidalEmbedding: Sendable {
  /// How many numbers each timestep becomes; an odd one ends with a zero.
  public var size: Int
  /// Whether cosines come before sines.
  public var flipsSineToCosine: Bool
  /// What is taken from the number of frequencies before exponents are divided by it.
  public var frequencyShift: Double
  /// What phases are multiplied by.
  public var scale: Double = 1
  /// The longest period over 2π.
  public var maximumPeriod: Double = 10000

  /// Describes an embedding.
  public init(size: Int, flipsSineToCosine: Bool = false, frequencyShift: Double = 1) {
    self.size = size
    self.flipsSineToCosine = flipsSineToCosine
    self.frequencyShift = frequencyShift
  }

  /// exp(-ln(maximumPeriod) i / (size / 2 - frequencyShift)), rounded to fp32 step by step as
  /// PyTorch rounds, since phases of 1000 radians enlarge the last place.
  var frequencies: [Float] {
    let count = size / 2
    let rate = Float(-log(maximumPeriod))
    let divisor = Float(Double(count) - frequencyShift)
    return (0..<count).map { expf(rate * Float($0) / divisor) }
  }
}

extension NetworkBuilder {
  /// Sines and cosines of `timesteps` `[N]` (fp32): `[N, size]`.
  public func sinusoids(_ timesteps: String, _ embedding: SinusoidalEmbedding) -> String {
    let frequencies = embedding.frequencies
    let row = reals(frequencies, [1, frequencies.count])
    var phases = add("Mul", [unsqueeze(timesteps, [1]), row])
    if embedding.scale != 1 { phases = add("Mul", [phases, real(Float(embedding.scale))]) }
    let sines = add("Sin", [phases])
    let cosines = add("Cos", [phases])
    let joined = concat(
      embedding.flipsSineToCosine ? [cosines, sines] : [sines, cosines], axis: 1)
    guard embedding.size % 2 == 1 else { return joined }
    return add("Pad", [joined, integers([0, 0, 0, 1])])
  }

  /// linear_2(act(linear_1(x))) (diffusers `TimestepEmbedding`): `[N, inputs]` to `[N, outputs]`.
  public func timestepEmbedding(
    _ x: String, _ name: String, _ inputs: Int, _ outputs: Int, activation kind: Activation = .silu
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      let hidden = activation(kind, try linear(x, "linear_1", inputs, outputs))
      return try linear(hidden, "linear_2", outputs, outputs)
    }
  }
}
