import ModelGraph
import Operators
import Runtime
import Tensors

/// The inputs and the output of a denoiser's graph that training speaks to.
struct NetworkPorts: Sendable {
  /// The noisy image.
  let sample: ValueInfo
  /// The time.
  let timestep: ValueInfo
  /// The prediction.
  let output: String
  /// Further inputs: what the image shall show.
  let conditions: [ValueInfo]

  /// - Throws: `DistillationError.graph`.
  init(_ graph: Graph) throws(DistillationError) {
    let inputs = graph.requiredInputs
    sample = try Self.find(["sample", "hidden_states", "x", "latents"], graph, "a noisy image")
    timestep = try Self.find(["timestep", "timesteps", "t"], graph, "a timestep")
    guard let first = graph.outputs.first else {
      throw .graph(name: graph.name, expected: "an output", found: ["none"])
    }
    output = first.name
    let own = [sample.name, timestep.name]
    conditions = inputs.filter { !own.contains($0.name) }
  }

  private static func find(
    _ names: [String], _ graph: Graph, _ what: String
  ) throws(DistillationError) -> ValueInfo {
    for name in names {
      if let input = graph.requiredInputs.first(where: { $0.name == name }) { return input }
    }
    throw .graph(
      name: graph.name, expected: "\(what), an input \(names.joined(separator: ", "))",
      found: graph.requiredInputs.map(\.name))
  }

  /// The inputs for one evaluation; `conditions` hold a row an image.
  func inputs(
    _ image: Tensor, timestep time: Int, _ conditions: [String: Tensor]
  ) throws -> [String: Tensor] {
    var inputs = conditions
    inputs[sample.name] = image
    var shape: Shape = [image.shape[0]]
    if let dimensions = timestep.type.dimensions {
      if dimensions.isEmpty { shape = .scalar }
      if case .fixed(1)? = dimensions.first { shape = [1] }
    }
    inputs[timestep.name] = try Tensor(
      [Int64](repeating: Int64(time), count: shape.elementCount), shape
    )
    .converted(to: timestep.type.dtype ?? .int64)
    return inputs
  }

  /// The shapes of all inputs for images of shape `image`.
  func shapes(_ image: Shape, _ conditions: [String: Tensor]) throws -> [String: Shape] {
    let zeros = try Tensor(zeros: .float32, image)
    return try inputs(zeros, timestep: 0, conditions).mapValues(\.shape)
  }
}
