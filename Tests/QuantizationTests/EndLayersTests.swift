import ModelGraph
import Quantization
import Tensors
import Testing

@Suite("Layers at the ends of a graph")
struct EndLayersTests {
  private static let pads: [String: AttributeValue] = ["pads": .ints([1, 1, 1, 1])]

  /// A sample, scaled, through three convolutions, and a condition that two layers take; the result
  /// is moved after the last layer.
  private func model() throws -> Model {
    var builder = GraphBuilder(name: "main")
    let sample = builder.input("sample", .float32, [.fixed(1), .fixed(4), .fixed(8), .fixed(8)])
    let condition = builder.input("condition", .float32, [.fixed(64), .fixed(8)])
    let scaled = builder.add("Mul", [sample, builder.constant(try Tensor(scalar: Float(0.5)))])
    func convolution(_ value: String, _ name: String, _ channels: [Int]) -> String {
      let weight = builder.weight("\(name).weight", .float32, Shape(channels + [3, 3]))
      return builder.add("Conv", [value, weight], Self.pads, name: name)
    }
    let first = builder.add("Relu", [convolution(scaled, "first", [8, 4])])
    let keys = builder.add(
      "MatMul", [condition, builder.weight("key.weight", .float32, [8, 8])], name: "key")
    let values = builder.add(
      "MatMul", [condition, builder.weight("value.weight", .float32, [8, 8])], name: "value")
    let joined = builder.add("Mul", [keys, values])
    let shape = builder.constant(try Tensor([1, 8, 8, 8] as [Int64]))
    let both = builder.add("Add", [first, builder.add("Reshape", [joined, shape])])
    let middle = builder.add("Relu", [convolution(both, "middle", [8, 8])])
    let last = convolution(middle, "last", [4, 8])
    builder.output(
      builder.add("Transpose", [last], ["perm": .ints([0, 2, 3, 1])]), as: "y", .float32, nil)
    return SampleGraphs.model(
      builder.graph,
      [
        ("first.weight", try Tensor(SampleGraphs.noise(288, seed: 1), [8, 4, 3, 3])),
        ("key.weight", try Tensor(SampleGraphs.noise(64, seed: 2), [8, 8])),
        ("value.weight", try Tensor(SampleGraphs.noise(64, seed: 3), [8, 8])),
        ("middle.weight", try Tensor(SampleGraphs.noise(576, seed: 4), [8, 8, 3, 3])),
        ("last.weight", try Tensor(SampleGraphs.noise(288, seed: 5), [4, 8, 3, 3])),
      ])
  }

  private func quantized(_ change: (inout Recipe) -> Void) throws -> QuantizedModel {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    recipe.activations = .dynamic
    change(&recipe)
    return try ModelQuantizer(recipe: recipe).quantize(try model()).quantized
  }

  private func layers(_ model: QuantizedModel) -> [String] {
    model.activations.filter { $0.scheme != .none }.map(\.weight).sorted()
  }

  @Test("The first layer's activation and the last one's stay as they are, with the reason")
  func kept() throws {
    let model = try quantized { _ in }
    #expect(layers(model) == ["key.weight", "middle.weight", "value.weight"])
    let ends = model.activations.filter { $0.scheme == .none }
    #expect(Set(ends.map(\.weight)) == ["first.weight", "last.weight"])
    #expect(ends.allSatisfy { $0.reason == "it is at an end of the graph" })
  }

  @Test("They are quantized where that is asked for: for all, or by a rule")
  func asked() throws {
    #expect(layers(try quantized { $0.quantizesEnds = true }).count == 5)
    let model = try quantized {
      $0.rules = [
        Recipe.Rule(
          pattern: "last.*", scheme: .integer(IntegerScheme()), activations: .dynamic)
      ]
    }
    #expect(
      layers(model) == ["key.weight", "last.weight", "middle.weight", "value.weight"])
  }
}
