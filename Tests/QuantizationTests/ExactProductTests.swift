import ModelGraph
import Quantization
import Tensors
import Testing

@Suite("Products in exports")
struct ExactProductTests {
  private func quantized(_ change: (inout Recipe) -> Void = { _ in }) throws -> Model {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
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
}
