import FileIO
import ModelGraph
import Quantization
import Runtime
import Tensors
import Testing

/// A trajectory of two evaluations, the first with activations a hundred times the second's.
private struct TwoSteps: CalibrationData {
  let sampleCount = 4
  let timesteps: [Float] = [999, 333]

  func run(
    _ index: Int, on session: Session,
    evaluate: @escaping ([String: Tensor], Int) throws -> [String: Tensor]
  ) throws -> [String: Tensor] {
    var outputs: [String: Tensor] = [:]
    for (step, timestep) in timesteps.enumerated() {
      outputs = try evaluate(try StepTests.inputs(timestep, seed: UInt64(index)), step)
    }
    return outputs
  }
}

@Suite("Scales by timestep")
struct StepTests {
  static func inputs(_ timestep: Float, seed: UInt64) throws -> [String: Tensor] {
    let scale: Float = timestep > 500 ? 100 : 1
    return [
      "x": try Tensor(SampleGraphs.noise(64, seed: seed + 11, scale: scale), [4, 16]),
      "timestep": try Tensor([timestep]),
    ]
  }

  private func model() throws -> Model {
    var model = SampleGraphs.product(try Tensor(SampleGraphs.noise(256, seed: 4), [16, 16]))
    model.components[0].graphs[0].inputs.append(
      ValueInfo(name: "timestep", type: TensorType(.float32, [.unknown])))
    return model
  }

  @Test("Each step uses its own scale, which the graph picks by the timestep")
  func perStep() throws {
    let model = try model()
    var errors: [Double] = []
    for isPerStep in [false, true] {
      var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
      recipe.activations = .fixed(StaticActivations(isPerStep: isPerStep))
      recipe.quantizesEnds = true
      let result = try ModelQuantizer(recipe: recipe, calibration: { _, _ in TwoSteps() })
        .quantize(model).quantized
      #expect(result.activations[0].parameters.count == (isPerStep ? 2 : 1))
      let held = [try Self.inputs(330, seed: 50)]
      errors.append(
        SampleGraphs.error(
          try SampleGraphs.outputs(model, held), try SampleGraphs.outputs(result.model, held)))
    }
    #expect(errors[1] < errors[0] / 1000)
  }

  @Test("A graph without a timestep: refused")
  func noTimestep() throws {
    let model = SampleGraphs.product(try Tensor(SampleGraphs.noise(256, seed: 4), [16, 16]))
    struct Data: CalibrationData {
      let sampleCount = 1
      let timesteps: [Float] = [9, 3]
      func run(
        _ index: Int, on session: Session,
        evaluate: @escaping ([String: Tensor], Int) throws -> [String: Tensor]
      ) throws -> [String: Tensor] {
        for step in 0..<2 {
          _ = try evaluate(["x": try Tensor(SampleGraphs.noise(16, seed: 1), [1, 16])], step)
        }
        return [:]
      }
    }
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    recipe.activations = .fixed(StaticActivations(isPerStep: true))
    recipe.quantizesEnds = true
    #expect(throws: QuantizationError.noTimestepInput(graph: "main")) {
      try ModelQuantizer(recipe: recipe, calibration: { _, _ in Data() }).quantize(model)
    }
  }
}
