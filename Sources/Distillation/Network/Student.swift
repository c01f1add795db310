import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// The network that is trained: a graph whose weights are given anew in every run.
public final class Student {
  /// The names of the trained weights, in the graph's order.
  public let names: [String]
  /// The trained weights as they stand.
  public var parameters: [Tensor]
  let ports: NetworkPorts
  private let gradientSession: GradientSession
  private let session: Session

  /// Makes `graph` trainable for images of shape `image`.
  ///
  /// - Parameters:
  ///   - weights: the graph's weights, where the training starts; half-precision ones are widened.
  ///   - conditions: a row an image for each further input.
  ///   - quantizes: whether products and convolutions see weights and activations of 8 bits.
  ///   - segments: in how many segments activations are computed a second time; 0 to keep all.
  /// - Throws: `DistillationError.graph`, or what the gradient graph and the sessions throw.
  public init(
    _ graph: Graph, weights: any TensorSource, image: Shape, conditions: [String: Tensor],
    quantizes: Bool = false, segments: Int = 0
  ) throws {
    ports = try NetworkPorts(graph)
    names = TrainableParameters.names(in: graph)
    guard !names.isEmpty else {
      throw DistillationError.graph(
        name: graph.name, expected: "floating-point weights", found: ["none"])
    }
    let trained =
      quantizes ? try FakeQuantization.rewrite(graph, trained: names) : graph
    let gradient = try GradientGraph(
      trained, weights: weights, variables: names,
      shapes: ports.shapes(image, conditions),
      checkpointing: segments > 0 ? .segments(segments) : .none)
    gradientSession = try GradientSession(gradient, outputs: [ports.output], weights: weights)
    var inference = gradient.forward
    inference.outputs = inference.outputs.filter { [output = ports.output] in $0.name == output }
    session = try Session(graph: inference, weights: weights)
    parameters = try names.map { try Self.read($0, graph, weights) }
  }

  private static func read(
    _ name: String, _ graph: Graph, _ weights: any TensorSource
  ) throws -> Tensor {
    let weight = graph.initializers.first { $0.name == name }?.weightName ?? name
    guard let index = weights.index(of: weight) else {
      throw DistillationError.tensor(name: weight, expected: "a weight", found: "none")
    }
    return try weights.tensor(index).converted(to: .float32)
  }
}

extension Student {
  /// The prediction for `image` with the weights `parameters`, without a gradient.
  func predict(
    _ image: Tensor, timestep: Int, _ conditions: [String: Tensor], parameters: [Tensor]
  ) throws -> Tensor {
    let inputs = try inputs(image, timestep, conditions, parameters)
    return try output(session.run(inputs))
  }

  /// The prediction for `image`, with what its gradient needs.
  func forward(
    _ image: Tensor, timestep: Int, _ conditions: [String: Tensor]
  ) throws -> (prediction: Tensor, tape: GradientSession.Tape) {
    let tape = try gradientSession.forward(inputs(image, timestep, conditions, parameters))
    return (try output(tape.outputs), tape)
  }

  /// The gradients with respect to the parameters for one with respect to the prediction; zeros
  /// where the prediction does not depend on a parameter.
  func backward(_ tape: GradientSession.Tape, _ gradient: Tensor) throws -> [Tensor] {
    let gradients = try gradientSession.backward(tape, [ports.output: gradient])
    return try zip(names, parameters).map { name, parameter in
      try gradients[name] ?? Tensor(zeros: .float32, parameter.shape)
    }
  }

  private func inputs(
    _ image: Tensor, _ timestep: Int, _ conditions: [String: Tensor], _ parameters: [Tensor]
  ) throws -> [String: Tensor] {
    var inputs = try ports.inputs(image, timestep: timestep, conditions)
    for (name, parameter) in zip(names, parameters) { inputs[name] = parameter }
    return inputs
  }

  private func output(_ outputs: [String: Tensor]) throws -> Tensor {
    guard let tensor = outputs[ports.output] else {
      throw DistillationError.graph(
        name: ports.output, expected: "an output", found: outputs.keys.sorted())
    }
    return tensor
  }
}
