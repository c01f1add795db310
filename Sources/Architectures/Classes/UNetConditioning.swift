import FileIO
import ModelGraph
import Tensors

/// How a `UNet2DConditionModel` embeds timestep, class and whatever else conditions it.
struct UNetConditioning {
  private enum TimeProjection: String, CaseIterable {
    case sinusoidal = "positional"
    case fourier
  }

  private let projection: TimeProjection
  private let sinusoids: SinusoidalEmbedding
  /// The extent of the projected timestep.
  private let inputSize: Int
  /// The extent of the embedding.
  private let size: Int
  private let activation: Activation
  /// What follows linear_2 of the timestep's embedding.
  private let postActivation: Activation?
  /// What follows the sum of all embeddings.
  private let finalActivation: Activation?
  /// The extent of `timestep_cond`; nil where there is none.
  private let guidanceSize: Int?
  private let concatenatesClasses: Bool
  private let classes: ClassEmbedding?
  private let addition: AdditionEmbedding?
  private let text: TextProjection?
  private let contextSize: Int

  init(
    _ configuration: ConfigurationReader, channels: Int, contextSizes: [Int],
    activation: Activation
  ) throws(ArchitectureError) {
    self.activation = activation
    projection = try configuration.choice("time_embedding_type", default: .sinusoidal)
    let given = try configuration.optionalInt("time_embedding_dim")
    size = given ?? channels * (projection == .fourier ? 2 : 4)
    guard projection != .fourier || size % 2 == 0 else {
      throw configuration.value("time_embedding_dim", expected: "an even number", found: "\(size)")
    }
    inputSize = projection == .fourier ? size : channels
    sinusoids = SinusoidalEmbedding(
      size: channels,
      flipsSineToCosine: try configuration.bool("flip_sin_to_cos", default: true),
      frequencyShift: try configuration.double("freq_shift", default: 0))
    postActivation = try configuration.optionalActivation("timestep_post_act")
    finalActivation = try configuration.optionalActivation("time_embedding_act_fn")
    guidanceSize = try configuration.optionalInt("time_cond_proj_dim")
    concatenatesClasses = try configuration.bool("class_embeddings_concat", default: false)
    classes = try ClassEmbedding(configuration)
    contextSize = contextSizes[0]
    let hiddenSize = try configuration.optionalInt("encoder_hid_dim")
    text = try TextProjection(configuration, hiddenSize: hiddenSize)
    addition = try AdditionEmbedding(
      configuration, contextSize: contextSize, hiddenSize: hiddenSize, sinusoids: sinusoids)
  }

  /// How many of the sample's channels come from a hint.
  var hintChannels: Int { addition?.hintChannels ?? 0 }
}

extension UNetConditioning {
  /// What the blocks get.
  struct Result {
    /// The embedding of time and whatever is added to it.
    let time: TimeConditioning
    /// The tokens that blocks attend to.
    let context: String
    /// Channels to append to the sample.
    let hint: String?
  }

  /// Declares the inputs and embeds them.
  func build(
    _ network: NetworkBuilder, activation: Activation
  ) throws(ArchitectureError) -> Result {
    let timestep = network.input(
      "timestep", projection == .fourier ? .float32 : .int64, [.symbol("batch")])
    var value = try embeddedTime(timestep, network)
    if let part = try classes?.embedding(
      network, size: size, projected: inputSize, activation: activation,
      project: { (x) throws(ArchitectureError) in try projected(x, network) })
    {
      value =
        concatenatesClasses
        ? network.concat([value, part], axis: 1) : network.add("Add", [value, part])
    }
    let tokens =
      try text?.inputs(network, contextSize: contextSize)
      ?? TextInputs(
        text: network.input(
          "encoder_hidden_states", .float32,
          [.symbol("batch"), .symbol("tokens"), .fixed(contextSize)]))
    var hint: String?
    if let addition {
      let added = try addition.embedding(network, tokens, size: size)
      value = network.add("Add", [value, added.value])
      hint = added.hint
    }
    if let finalActivation { value = network.activation(finalActivation, value) }
    let time = TimeConditioning(
      value: value, activated: network.activation(activation, value),
      size: concatenatesClasses ? size * 2 : size)
    let context = try text?.projected(network, tokens, contextSize: contextSize) ?? tokens.text
    guard let context else {
      throw .value(
        file: network.checkpoint.file, key: "encoder_hid_dim_type", expected: "tokens",
        found: "none")
    }
    return Result(time: time, context: context, hint: hint)
  }

  private func projected(
    _ timestep: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    let real = network.cast(timestep, to: .float32)
    guard projection == .fourier else { return network.sinusoids(real, sinusoids) }
    return try network.fourierFeatures(
      real, "time_proj", count: size / 2, cosineFirst: sinusoids.flipsSineToCosine)
  }

  private func embeddedTime(
    _ timestep: String, _ network: NetworkBuilder
  ) throws(ArchitectureError) -> String {
    var projected = try projected(timestep, network)
    if let guidanceSize {
      let guidance = network.input(
        "timestep_cond", .float32, [.symbol("batch"), .fixed(guidanceSize)])
      let part = try network.linear(
        guidance, "time_embedding.cond_proj", guidanceSize, inputSize, bias: false)
      projected = network.add("Add", [projected, part])
    }
    let embedded = try network.timestepEmbedding(
      projected, "time_embedding", inputSize, size, activation: activation)
    return postActivation.map { network.activation($0, embedded) } ?? embedded
  }
}

extension ConfigurationReader {
  /// An activation function; nil where the key is absent or null.
  ///
  /// - Throws: `ArchitectureError.value`.
  func optionalActivation(_ key: String) throws(ArchitectureError) -> Activation? {
    guard let name = try optionalString(key) else { return nil }
    guard let known = Activation(rawValue: name) else {
      let names = Activation.allCases.map(\.rawValue).joined(separator: ", ")
      throw value(key, expected: "null or one of \(names)", .string(name))
    }
    return known
  }
}
