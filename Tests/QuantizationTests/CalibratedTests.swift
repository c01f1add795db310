import FileIO
import ModelGraph
import Quantization
import Tensors
import Testing

@Suite("Calibrated quantization")
struct CalibratedTests {
  private func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme(dtype: .int4)))
    change(&recipe)
    return recipe
  }

  /// The error on samples that were not calibrated on.
  private func heldOutError(_ recipe: Recipe) throws -> Double {
    let model = try SampleGraphs.convolutions()
    let result = try ModelQuantizer(
      recipe: recipe,
      calibration: SampleGraphs.calibration(try SampleGraphs.images(24, seed: 100))
    ).quantize(model).quantized
    let held = try SampleGraphs.images(8, seed: 900)
    return SampleGraphs.error(
      try SampleGraphs.outputs(model, held), try SampleGraphs.outputs(result.model, held))
  }

  @Test("Second-order rounding halves the error of nearest on correlated inputs")
  func secondOrder() throws {
    let nearest = try heldOutError(recipe { $0.rounding = .nearest })
    let second = try heldOutError(recipe { $0.rounding = .secondOrder })
    #expect(second < nearest / 2)
  }

  @Test("Bias correction takes the mean error away")
  func biasCorrection() throws {
    let model = try SampleGraphs.convolutions()
    var meanErrors: [Double] = []
    for corrects in [false, true] {
      let result = try ModelQuantizer(
        recipe: recipe {
          $0.rounding = .nearest
          $0.correctsBias = corrects
        }, calibration: SampleGraphs.calibration(try positive(24, seed: 100))
      ).quantize(model).quantized
      let held = try positive(8, seed: 900)
      let errors = zip(
        try SampleGraphs.outputs(model, held), try SampleGraphs.outputs(result.model, held)
      ).map { expected, found in
        zip(expected, found).reduce(0.0) { $0 + Double($1.0 - $1.1) } / Double(expected.count)
      }
      meanErrors.append(abs(errors.reduce(0, +) / Double(errors.count)))
    }
    #expect(meanErrors[1] < meanErrors[0] / 3)
  }

  @Test("A bias that is corrected is the layer's own; one with a second name is left alone")
  func sharedBias() throws {
    for isShared in [false, true] {
      var model = try SampleGraphs.convolutions()
      if isShared {
        model.components[0].graphs[0].initializers.append(
          Initializer(name: "again", dtype: .float32, shape: [4], weight: "second.bias"))
      }
      let result = try ModelQuantizer(
        recipe: recipe { $0.correctsBias = true },
        calibration: SampleGraphs.calibration(try positive(4, seed: 100))
      ).quantize(model).quantized.model
      let before = try model.weight("second.bias").array(of: Float.self)
      let after = try result.weight("second.bias").array(of: Float.self)
      #expect((before == after) == isShared)
    }
  }

  /// Images whose mean is not zero.
  private func positive(_ count: Int, seed: UInt64) throws -> [[String: Tensor]] {
    try SampleGraphs.images(count, seed: seed).map { sample in
      try sample.mapValues { try Tensor($0.array(of: Float.self).map { $0 + 1 }, $0.shape) }
    }
  }

  @Test(
    "Activations in 8 bits cost little",
    arguments: [
      ActivationScheme.dynamic, .fixed(StaticActivations()),
      .fixed(StaticActivations(range: .meanSquare)), .fixed(StaticActivations(range: .entropy)),
      .fixed(StaticActivations(range: .percentile(99.99))),
      .fixed(StaticActivations(dtype: .int8)),
      .fixed(StaticActivations(dtype: .int8, isSymmetric: true)),
    ])
  func activations(_ scheme: ActivationScheme) throws {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    let weightsOnly = try heldOutError(recipe)
    recipe.activations = scheme
    recipe.quantizesEnds = true
    let error = try heldOutError(recipe)
    #expect(error > weightsOnly)
    // Outputs are of the order of 1; a step of the wider input half is about 0.03.
    #expect(error < 1e-2)
  }

  @Test("Halves of a concatenation get scales of their own, which lowers the error")
  func concatenation() throws {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    recipe.activations = .fixed(StaticActivations())
    recipe.quantizesEnds = true
    let model = try SampleGraphs.convolutions()
    let calibration = SampleGraphs.calibration(try SampleGraphs.images(4, seed: 1))
    let split = try ModelQuantizer(recipe: recipe, calibration: calibration).quantize(model)
      .quantized
    let first = split.activations[0]
    #expect(first.value == "join:0" && first.parameters.count == 2)
    #expect(first.parameters[0].scale * 5 < first.parameters[1].scale)
    recipe.splitsConcatenations = false
    let whole = try ModelQuantizer(recipe: recipe, calibration: calibration).quantize(model)
      .quantized
    #expect(whole.activations[0].parameters.count == 1)
  }

  @Test("Static activations without anything to calibrate on: refused, with the option that helps")
  func noData() throws {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    recipe.activations = .fixed(StaticActivations())
    recipe.quantizesEnds = true
    #expect {
      try ModelQuantizer(recipe: recipe).quantize(try SampleGraphs.convolutions())
    } throws: { error in
      "\(error)".contains("net: graph main: there is nothing to calibrate on")
        && "\(error)".contains("--calibration FILE")
    }
  }

  @Test("The same input and recipe give the same integers")
  func deterministic() throws {
    let runs = try (0..<2).map { _ in
      let result = try ModelQuantizer(
        recipe: recipe(),
        calibration: SampleGraphs.calibration(try SampleGraphs.images(4, seed: 1))
      ).quantize(try SampleGraphs.convolutions()).quantized
      return try result.model.weight("first.weight").array(of: Int8.self, as: .int4)
    }
    #expect(runs[0] == runs[1])
  }
}

extension Tensor {
  /// The bytes of small integers.
  fileprivate func array(of type: Int8.Type, as dtype: DType) -> [Int8] {
    precondition(self.dtype == dtype)
    return withElements(of: Int8.self) { Array($0) }
  }
}
