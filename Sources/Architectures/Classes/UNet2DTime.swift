import Foundation
import ModelGraph
import Tensors

/// How a `UNet2DModel` embeds timesteps and classes.
struct UNet2DTime {
  private enum Projection: String, CaseIterable {
    case sinusoidal = "positional"
    /// Random features of the logarithm (Song et al. 2021).
    case fourier
    /// A row for each timestep.
    case learned
  }

  private enum ClassEmbedding {
    case rows(Int)
    case timestep
    case identity
  }

  private let projection: Projection
  private let sinusoids: SinusoidalEmbedding
  private let timestepCount: Int
  /// The extent of the projected timestep.
  private let inputSize: Int
  /// The extent of the embedding.
  private let size: Int
  private let classes: ClassEmbedding?

  init(_ configuration: ConfigurationReader, channels: Int) throws(ArchitectureError) {
    projection = try configuration.choice("time_embedding_type", default: .sinusoidal)
    size = try configuration.optionalInt("time_embedding_dim") ?? channels * 4
    sinusoids = SinusoidalEmbedding(
      size: channels,
      flipsSineToCosine: try configuration.bool("flip_sin_to_cos", default: true),
      frequencyShift: try configuration.double("freq_shift", default: 0))
    let count = try configuration.optionalInt("num_train_timesteps")
    guard projection != .learned || count != nil else {
      throw configuration.value(
        "num_train_timesteps", expected: "a number where timesteps are learned", nil)
    }
    timestepCount = count ?? 0
    inputSize = projection == .fourier ? channels * 2 : channels
    classes = try Self.classes(configuration)
  }

  private static func classes(
    _ configuration: ConfigurationReader
  ) throws(ArchitectureError) -> ClassEmbedding? {
    let count = try configuration.optionalInt("num_class_embeds")
    switch try configuration.optionalString("class_embed_type") {
    case nil: return count.map { .rows($0) }
    case "timestep": return .timestep
    case "identity": return .identity
    case let other?:
      throw configuration.value(
        "class_embed_type", expected: "null, timestep or identity", .string(other))
    }
  }

  /// The declared type of timesteps: noise levels are real, steps whole.
  var dtype: DType { projection == .fourier ? .float32 : .int64 }
}

extension UNet2DTime {
  /// The embedding of `timestep` `[N]` and of the class, which it declares an input for.
  func embedding(
    _ timestep: String, _ network: NetworkBuilder, _ activation: Activation
  ) throws(ArchitectureError) -> TimeConditioning {
    let projected = try projected(timestep, network)
    var value = try network.timestepEmbedding(projected, "time_embedding", inputSize, size)
    if let part = try classPart(network) { value = network.add("Add", [value, part]) }
    return TimeConditioning(
      value: value, activated: network.activation(activation, value), size: size)
  }

  private func projected(
    _ timestep: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    switch projection {
    case .sinusoidal:
      return network.sinusoids(network.cast(timestep, to: .float32), sinusoids)
    case .learned:
      return try network.embedding(
        network.cast(timestep, to: .int64), "time_proj", count: timestepCount,
        size: sinusoids.size)
    case .fourier:
      let logarithm = network.add("Log", [network.cast(timestep, to: .float32)])
      return try network.fourierFeatures(logarithm, "time_proj", count: sinusoids.size)
    }
  }

  private func classPart(_ network: NetworkBuilder) throws(ArchitectureError) -> String? {
    switch classes {
    case nil: return nil
    case .rows(let count):
      let labels = network.input("class_labels", .int64, [.symbol("batch")])
      return try network.embedding(labels, "class_embedding", count: count, size: size)
    case .timestep:
      let labels = network.input("class_labels", .int64, [.symbol("batch")])
      let projected = try projected(labels, network)
      return try network.timestepEmbedding(projected, "class_embedding", inputSize, size)
    case .identity:
      return network.input("class_labels", .float32, [.symbol("batch"), .fixed(size)])
    }
  }

  /// `x` `[N, C, H, W]` over the noise level where timesteps are such.
  func divided(_ x: String, _ timestep: String, _ network: NetworkBuilder) -> String {
    guard projection == .fourier else { return x }
    let level = network.unsqueeze(network.cast(timestep, to: .float32), [1, 2, 3])
    return network.add("Div", [x, level])
  }
}

extension NetworkBuilder {
  /// sin and cos of 2π x w for each of `count` stored frequencies w (diffusers
  /// `GaussianFourierProjection`): `[N]` to `[N, 2 count]`.
  func fourierFeatures(
    _ x: String, _ name: String, count: Int, cosineFirst: Bool = false
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      let weight = try parameter("weight", [count])
      let turns = add("Mul", [add("Mul", [unsqueeze(x, [1]), weight]), real(2)])
      let phases = add("Mul", [turns, real(.pi)])
      let sines = add("Sin", [phases])
      let cosines = add("Cos", [phases])
      return concat(cosineFirst ? [cosines, sines] : [sines, cosines], axis: 1)
    }
  }
}
