import ModelGraph
import Quantization
import Tensors
import Testing

@Suite("Scale migration")
struct MigrationTests {
  /// Weights stay floats, so that nothing but the migration changes the model.
  private func migrated(
    _ model: Model, _ samples: [[String: Tensor]], _ change: (inout Recipe) -> Void
  ) throws -> Model {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme(dtype: .int8)))
    recipe.activations = .fixed(StaticActivations())
    recipe.quantizesEnds = true
    change(&recipe)
    return try ModelQuantizer(
      recipe: recipe, calibration: SampleGraphs.calibration(samples)
    ).migrated(model)
  }

  @Test(
    "Migration alone leaves every output bit as it was",
    arguments: [(Float(0.5), false), (1, false), (nil, true), (0.5, true)] as [(Float?, Bool)])
  func exact(_ smoothing: Float?, _ equalizes: Bool) throws {
    let model = try MigrationGraphs.all()
    let samples = try MigrationGraphs.samples(4, seed: 5)
    let result = try migrated(model, samples) {
      $0.smoothing = smoothing
      $0.equalizes = equalizes
    }
    let held = try MigrationGraphs.samples(3, seed: 77)
    #expect(try SampleGraphs.outputs(model, held) == SampleGraphs.outputs(result, held))
    let isScaled = try ["a.weight", "b.weight", "d.weight"].contains { name in
      try model.weight(name).array(of: Float.self) != result.weight(name).array(of: Float.self)
    }
    #expect(isScaled)
  }

  @Test("Equalisation brings consecutive weights' channels within a factor of two")
  func equalized() throws {
    let model = try MigrationGraphs.all()
    let result = try migrated(model, try MigrationGraphs.samples(1, seed: 5)) {
      $0.equalizes = true
    }
    let first = try result.weight("a.weight").array(of: Float.self)
    let second = try result.weight("b.weight").array(of: Float.self)
    for channel in 0..<8 {
      let row = largest(first, from: channel * 36, count: 36)
      let column =
        (0..<4).map { largest(second, from: ($0 * 8 + channel) * 9, count: 9) }.max() ?? 0
      #expect(row / column <= 2 && column / row <= 2, "channel \(channel): \(row), \(column)")
    }
  }

  private func largest(_ values: [Float], from start: Int, count: Int) -> Float {
    values[start..<start + count].reduce(0) { max($0, abs($1)) }
  }

  @Test(
    "Smoothing goes into the operator before where it alone makes the activation, else into a Mul")
  func placement() throws {
    let model = try MigrationGraphs.all()
    let result = try migrated(model, try MigrationGraphs.samples(2, seed: 5)) { $0.smoothing = 0.5 }
    let graph = result.components[0].graphs[0]
    // The convolutions a → Relu → b and the normalisation before d take factors up; x, the
    // concatenation's parts and what Sigmoid makes cannot.
    let multiplied = graph.nodes.filter { $0.opType == "Mul" }.map { $0.inputs[0] }
    #expect(Set(multiplied) == ["x", "join_left", "join_right"])
    #expect(
      try model.weight("norm.scale").array(of: Float.self)
        != result.weight("norm.scale").array(of: Float.self))
  }

  @Test("Smoothing lowers the error where one channel of an activation is much wider than others")
  func lowersError() throws {
    let model = SampleGraphs.product(try Tensor(SampleGraphs.noise(256, seed: 1), [16, 16]))
    func samples(_ count: Int, seed: UInt64) throws -> [[String: Tensor]] {
      try (0..<count).map { index in
        var values = SampleGraphs.noise(64, seed: seed &+ UInt64(index))
        for row in 0..<4 { values[row * 16 + 3] *= 64 }
        return ["x": try Tensor(values, [4, 16])]
      }
    }
    let held = try samples(6, seed: 900)
    let errors = try [nil, Float(0.5)].map { strength in
      var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
      recipe.activations = .fixed(StaticActivations())
      recipe.quantizesEnds = true
      recipe.rounding = .nearest
      recipe.smoothing = strength
      let result = try ModelQuantizer(
        recipe: recipe, calibration: SampleGraphs.calibration(try samples(64, seed: 1))
      ).quantize(model).quantized
      return SampleGraphs.error(
        try SampleGraphs.outputs(model, held), try SampleGraphs.outputs(result.model, held))
    }
    #expect(errors[1] < errors[0] / 4)
  }

  @Test("Smoothing without anything to calibrate on is refused")
  func noData() throws {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    recipe.smoothing = 0.5
    #expect {
      try ModelQuantizer(recipe: recipe).quantize(try MigrationGraphs.all())
    } throws: { "\($0)".contains("there is nothing to calibrate on") }
  }

  @Test("Equalisation and smoothing are read from a recipe and printed into it")
  func recipe() throws {
    let text = "version: 1\nweights: int8\nequalization: true\nsmoothing: 0.75\n"
    let recipe = try Recipe(yaml: text)
    #expect(recipe.equalizes && recipe.smoothing == 0.75)
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    #expect(try Recipe(yaml: "version: 1\nweights: int8\nsmoothing: none\n").smoothing == nil)
    for value in ["0", "1.5", "-1", "half", "nan"] {
      #expect(throws: QuantizationError.self) {
        try Recipe(yaml: "version: 1\nweights: int8\nsmoothing: \(value)\n")
      }
    }
  }
}

/// A model with every place that scales can be moved to or from.
enum MigrationGraphs {
  /// `x [N, 4, 8, 8]` → a → Relu → b → (concatenated with Sigmoid of itself) → c → mean over the image
  /// `[N, 12]` → LayerNormalization → d (MatMul, Add) → y `[N, 16]`.
  static func all() throws -> Model {
    var builder = GraphBuilder(name: "main")
    let x = builder.input("x", .float32, [.symbol("N"), .fixed(4), .fixed(8), .fixed(8)])
    let pads: [String: AttributeValue] = ["pads": .ints([1, 1, 1, 1])]
    let a = builder.add(
      "Conv",
      [
        x, builder.weight("a.weight", .float32, [8, 4, 3, 3]),
        builder.weight("a.bias", .float32, [8]),
      ], pads, name: "a")
    let b = builder.add(
      "Conv", [builder.add("Relu", [a]), builder.weight("b.weight", .float32, [4, 8, 3, 3])], pads,
      name: "b")
    var graph = builder.graph
    graph.nodes += [
      Node("Tanh", inputs: [b], outputs: ["join_left"]),
      Node("Sigmoid", inputs: [b], outputs: ["join_right"]),
      Node(
        "Concat", inputs: ["join_left", "join_right"], outputs: ["joined"],
        attributes: ["axis": .int(1)]),
      Node("Conv", name: "c", inputs: ["joined", "c.weight"], outputs: ["c"]),
      Node("GlobalAveragePool", inputs: ["c"], outputs: ["pooled"]),
      Node("Flatten", inputs: ["pooled"], outputs: ["flat"]),
      Node(
        "LayerNormalization", inputs: ["flat", "norm.scale", "norm.bias"], outputs: ["normal"]),
      Node("MatMul", name: "d", inputs: ["normal", "d.weight"], outputs: ["product"]),
      Node("Add", inputs: ["product", "d.bias"], outputs: ["y"]),
    ]
    graph.outputs = [ValueInfo(name: "y", type: TensorType(.float32, nil))]
    let rest: [(name: String, shape: Shape)] = [
      ("c.weight", [12, 8, 1, 1]), ("norm.scale", [12]), ("norm.bias", [12]),
      ("d.weight", [12, 16]),
      ("d.bias", [16]),
    ]
    graph.initializers += rest.map { Initializer(name: $0.name, dtype: .float32, shape: $0.shape) }
    let all: [(name: String, shape: Shape)] =
      [("a.weight", [8, 4, 3, 3]), ("a.bias", [8]), ("b.weight", [4, 8, 3, 3])] + rest
    return SampleGraphs.model(
      graph,
      try all.enumerated().map { index, entry in
        var values = SampleGraphs.noise(entry.shape.elementCount, seed: UInt64(index + 11))
        // Channels differ in range: outputs of a and of the normalisation, inputs of c.
        let spread = ["a.weight": 36, "norm.scale": 1, "c.weight": 1][entry.name] ?? 0
        if spread > 0 {
          for place in values.indices { values[place] *= Float(1 << (place / spread % 4 * 2)) / 8 }
        }
        return (entry.name, try Tensor(values, entry.shape))
      })
  }

  /// `count` images whose channels differ in range.
  static func samples(_ count: Int, seed: UInt64) throws -> [[String: Tensor]] {
    try (0..<count).map { index in
      var values = SampleGraphs.noise(256, seed: seed &* 1000 &+ UInt64(index))
      for place in values.indices { values[place] *= Float(1 << (place / 64 * 2)) / 8 }
      return ["x": try Tensor(values, [1, 4, 8, 8])]
    }
  }
}
