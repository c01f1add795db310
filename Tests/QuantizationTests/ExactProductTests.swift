import ModelGraph
import Quantization
import Tensors
import Testing

@Suite("Products in exports")
struct ExactProductTests {
  private func quantized(_ change: (inout Recipe) -> Void = { _ in }) throws -> Model {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    recipe.quantizesEnds = true
    change(&recipe)
    let model = SampleGraphs.product(try Tensor(SampleGraphs.noise(256, seed: 1), [16, 16]))
    let samples = [["x": try Tensor(SampleGraphs.noise(64, seed: 5), [4, 16])]]
    return try ModelQuantizer(recipe: recipe, calibration: SampleGraphs.calibration(samples))
      .quantize(model).quantized.model
  }

  @Test("A weight alone is dequantized behind a Reshape that changes nothing")
  func weightOnly() throws {
    let model = try quantized()
    let component = model.components[0].withExactProducts()
    #expect(
      component.graphs[0].nodes.map(\.opType) == ["DequantizeLinear", "Reshape", "Cast", "MatMul"])
    let names = component.graphs[0].nodes.map(\.name).filter { !$0.isEmpty }
    #expect(Set(names).count == names.count)
    var exact = model
    exact.components[0] = component
    let inputs = [["x": try Tensor(SampleGraphs.noise(64, seed: 9), [4, 16])]]
    #expect(try SampleGraphs.outputs(model, inputs) == SampleGraphs.outputs(exact, inputs))
  }

  @Test("Products of quantized activations stay as they are")
  func quantizedActivations() throws {
    let component = try quantized { $0.activations = .fixed(StaticActivations()) }.components[0]
    let types = component.withExactProducts().graphs[0].nodes.map(\.opType)
    #expect(types == component.graphs[0].nodes.map(\.opType))
    #expect(!types.contains("Reshape"))
  }

  @Test(
    "Zero points of 0 are stated for int8 weights, which changes nothing", arguments: [true, false])
  func zeroPoints(_ isActive: Bool) throws {
    let model = try quantized { if isActive { $0.activations = .fixed(StaticActivations()) } }
    var stated = model
    stated.components[0] = model.components[0].withExplicitZeroPoints()
    let graph = stated.components[0].graphs[0]
    let weights = graph.nodes.filter { $0.opType == "DequantizeLinear" }
    #expect(weights.allSatisfy { $0.inputs.count == 3 })
    let zero = try #require(graph.initializers.last)
    #expect(zero.dtype == .int8 && zero.shape == [16] && zero.weightName == nil)
    let inputs = [["x": try Tensor(SampleGraphs.noise(64, seed: 9), [4, 16])]]
    #expect(try SampleGraphs.outputs(model, inputs) == SampleGraphs.outputs(stated, inputs))
  }

  @Test("Blocks and weights that have zero points stay as they are")
  func otherWeights() throws {
    for scheme in [
      IntegerScheme(sharing: .group(8)), IntegerScheme(isSymmetric: false),
    ] {
      let component = try quantized { $0.defaultScheme = .integer(scheme) }.components[0]
      let graph = component.withExplicitZeroPoints().graphs[0]
      #expect(graph.nodes.map(\.inputs) == component.graphs[0].nodes.map(\.inputs))
      #expect(graph.initializers.count == component.graphs[0].initializers.count)
    }
  }
}
