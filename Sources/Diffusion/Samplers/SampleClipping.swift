import Tensors

/// What a scheduler does to a clean estimate before it goes on with it.
enum SampleClipping: Sendable {
  /// Nothing.
  case none
  /// Clamps to −range … range.
  case fixed(range: Float)
  /// Dynamic thresholding (Saharia et al., 2022, section 2.3): for each image the `ratio` quantile
  /// s of |x̂₀|, clamped to 1 … maximum; x̂₀ clamped to −s … s and divided by s.
  case dynamic(ratio: Double, maximum: Float)

  /// The clipping that a configuration asks for; `clipsByDefault` is the class's own default, nil
  /// for a class that has no fixed clipping.
  init(_ settings: SchedulerSettings, clipsByDefault: Bool?) throws(DiffusionError) {
    if try settings.bool("thresholding", default: false) {
      let largest = Double(Float.greatestFiniteMagnitude)
      self = .dynamic(
        ratio: try settings.double("dynamic_thresholding_ratio", default: 0.995, in: 0...1),
        maximum: Float(try settings.double("sample_max_value", default: 1, in: 0...largest)))
    } else if let clipsByDefault, try settings.bool("clip_sample", default: clipsByDefault) {
      self = .fixed(
        range: Float(try settings.double("clip_sample_range", default: 1, in: 0...1e30)))
    } else {
      self = .none
    }
  }

  func callAsFunction(_ sample: Tensor) throws -> Tensor {
    switch self {
    case .none: return sample
    case .fixed(let range): return try Elementwise.map(sample) { min(max($0, -range), range) }
    case .dynamic(let ratio, let maximum): return try threshold(sample, ratio, maximum)
    }
  }

  private func threshold(_ sample: Tensor, _ ratio: Double, _ maximum: Float) throws -> Tensor {
    let count = sample.shape.rank > 0 ? sample.shape[0] : 1
    guard count > 0, sample.elementCount > 0 else { return sample }
    var values = try Elementwise.map(sample) { $0 }.array(of: Float.self)
    let size = values.count / count
    for image in 0..<count {
      let range = (image * size)..<((image + 1) * size)
      let quantile = Self.quantile(values[range].map { abs($0) }, ratio)
      // torch.clamp with crossing limits gives the upper one.
      let limit = min(max(quantile, 1), maximum)
      for index in range { values[index] = min(max(values[index], -limit), limit) / limit }
    }
    return try Tensor(values, sample.shape)
  }

  /// The quantile with linear interpolation, as `torch.quantile` computes it.
  private static func quantile(_ values: [Float], _ ratio: Double) -> Float {
    let sorted = values.sorted()
    let rank = Float(ratio) * Float(sorted.count - 1)
    let low = min(max(Int(rank), 0), sorted.count - 1)
    let high = min(low + 1, sorted.count - 1)
    let weight = rank - Float(low)
    let difference = sorted[high] - sorted[low]
    return weight < 0.5
      ? sorted[low] + weight * difference : sorted[high] - difference * (1 - weight)
  }
}
