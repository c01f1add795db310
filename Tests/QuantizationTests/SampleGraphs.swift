import FileIO
import ModelGraph
import Quantization
import Runtime
import Tensors

/// Small models to quantize.
enum SampleGraphs {
  /// Numbers that look random, −1 … 1, the same for the same seed.
  static func noise(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Float(state >> 40) / Float(1 << 23) - 1) * scale
    }
  }

  /// `y = x · w` with `w` `[depth, columns]` as given.
  static func product(
    _ weight: Tensor, name: String = "w", others: [(name: String, tensor: Tensor)] = []
  ) -> Model {
    let depth = weight.shape.rank == 2 ? weight.shape[0] : 1
    var graph = Graph(
      name: "main",
      inputs: [
        ValueInfo(name: "x", type: TensorType(.float32, [.symbol("N"), .fixed(depth)]))
      ], outputs: [ValueInfo(name: "y", type: TensorType(.float32, nil))],
      nodes: [Node("MatMul", name: "layer", inputs: ["x", "real"], outputs: ["y"])],
      initializers: [
        Initializer(name: name, dtype: weight.dtype, shape: weight.shape)
      ])
    graph.nodes.insert(
      Node(
        "Cast", inputs: [name], outputs: ["real"], attributes: ["to": .int(1)]), at: 0)
    return model(graph, [(name, weight)] + others)
  }

  /// A model of one component.
  static func model(_ graph: Graph, _ weights: [(name: String, tensor: Tensor)]) -> Model {
    Model(components: [Component(name: "net", graphs: [graph], weights: TensorSet(weights))])
  }

  /// Two 3×3 convolutions with an activation between, the first one's input concatenated of a small
  /// and a large half; `[N, 4, 8, 8]` twice in, `[N, 4, 8, 8]` out.
  static func convolutions() throws -> Model {
    var builder = GraphBuilder(name: "main")
    let left = builder.input(
      "left", .float32, [.symbol("N"), .fixed(4), .fixed(8), .fixed(8)])
    let right = builder.input(
      "right", .float32, [.symbol("N"), .fixed(4), .fixed(8), .fixed(8)])
    let joined = builder.add("Concat", [left, right], ["axis": .int(1)], name: "join")
    let pads: [String: AttributeValue] = ["pads": .ints([1, 1, 1, 1])]
    let first = builder.add(
      "Conv", [joined, builder.weight("first.weight", .float32, [16, 8, 3, 3])], pads,
      name: "first")
    let active = builder.add("Relu", [first])
    let second = builder.add(
      "Conv",
      [
        active, builder.weight("second.weight", .float32, [4, 16, 3, 3]),
        builder.weight("second.bias", .float32, [4]),
      ], pads, name: "second")
    builder.output(second, as: "y", .float32, nil)
    return model(
      builder.graph,
      [
        ("first.weight", try Tensor(noise(1152, seed: 1), [16, 8, 3, 3])),
        ("second.weight", try Tensor(noise(576, seed: 2, scale: 0.2), [4, 16, 3, 3])),
        ("second.bias", try Tensor(noise(4, seed: 3))),
      ])
  }

  /// `count` samples for `convolutions()`: correlated neighbours, the right half ten times the left.
  static func images(_ count: Int, seed: UInt64) throws -> [[String: Tensor]] {
    func smooth(_ seed: UInt64, _ scale: Float) throws -> Tensor {
      let raw = noise(4 * 64 + 3, seed: seed, scale: scale)
      var means: [Float] = []
      for index in 0..<256 { means.append(raw[index..<index + 4].reduce(0, +) / 2) }
      return try Tensor(means, [1, 4, 8, 8])
    }
    return try (0..<count).map { index in
      let number = seed &+ UInt64(index)
      return ["left": try smooth(number &* 2, 0.1), "right": try smooth(number &* 2 &+ 1, 1)]
    }
  }

  /// A provider of given samples for every graph.
  static func calibration(_ samples: [[String: Tensor]]) -> CalibrationProvider {
    { _, _ in GivenCalibrationData(samples: samples) }
  }

  /// The outputs `y` of the model's graph for each sample.
  static func outputs(_ model: Model, _ samples: [[String: Tensor]]) throws -> [[Float]] {
    let component = model.components[0]
    let session = try Session(graph: component.graphs[0], weights: component.weights)
    return try samples.map { try session.run($0)["y"]?.array(of: Float.self) ?? [] }
  }

  /// The mean squared difference.
  static func error(_ left: [[Float]], _ right: [[Float]]) -> Double {
    let differences = zip(left, right).flatMap { left, right in
      zip(left, right).map { Double($0 - $1) * Double($0 - $1) }
    }
    return differences.reduce(0, +) / Double(differences.count)
  }
}

extension Model {
  /// The named weight of the first component.
  func weight(_ name: String) throws -> Tensor {
    let source = components[0].weights
    guard let index = source.index(of: name) else {
      throw GraphError.missingWeight(graph: "test", name: name)
    }
    return try source.tensor(index)
  }
}
