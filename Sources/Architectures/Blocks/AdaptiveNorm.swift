/// How tokens are changed by a condition: parts `[N, 1, size]` in the order of a projection.
///
/// Peebles and Xie, *Scalable Diffusion Models with Transformers*, 2023 (adaLN-Zero).
struct Modulation {
  /// Added before the attention, after scaling.
  var shift: String
  /// Scales the normalised tokens as 1 + scale.
  var scale: String
  /// Weighs what the attention adds.
  var gate: String
}

extension NetworkBuilder {
  /// `count` parts `[N, 1, size]` of linear(silu(condition)); `condition` is `[N, 1, size]`.
  func modulations(
    _ condition: String, _ name: String, _ size: Int, count: Int
  ) throws(ArchitectureError) -> [String] {
    split(try linear(silu(condition), name, size, size * count), into: count, axis: -1)
  }

  /// Shift, scale and gate out of neighbouring parts.
  func modulation(_ parts: [String], _ start: Int) -> Modulation {
    Modulation(shift: parts[start], scale: parts[start + 1], gate: parts[start + 2])
  }

  /// x · (1 + scale) + shift.
  func modulated(_ x: String, shift: String, scale: String) -> String {
    add("Add", [add("Mul", [x, add("Add", [scale, real(1)])]), shift])
  }

  /// The same, of a modulation.
  func modulated(_ x: String, _ modulation: Modulation) -> String {
    modulated(x, shift: modulation.shift, scale: modulation.scale)
  }

  /// x + gate · change.
  func gatedSum(_ x: String, _ change: String, _ gate: String) -> String {
    add("Add", [x, add("Mul", [gate, change])])
  }

  /// Normalisation over the last axis without parameters, ε = 1e-6.
  func plainLayerNorm(_ x: String, _ size: Int) throws(ArchitectureError) -> String {
    try layerNorm(x, "norm", size, epsilon: 1e-6, affine: false)
  }

  /// norm(x) · (1 + scale) + shift with scale, then shift, out of `name.linear` (diffusers
  /// `AdaLayerNormContinuous` without parameters of its own).
  func continuousNorm(
    _ x: String, _ name: String, _ condition: String, _ size: Int
  ) throws(ArchitectureError) -> String {
    let parts = try modulations(condition, "\(name).linear", size, count: 2)
    return modulated(try plainLayerNorm(x, size), shift: parts[1], scale: parts[0])
  }
}
