import FileIO
import Foundation
import ModelGraph
import Quantization
import Tensors
import TestSupport
import Testing

@Suite("Budgets")
struct BudgetTests {
  private func quantize(
    _ budget: Budget, cache: SensitivityCache? = nil
  ) throws -> (model: Model, report: BudgetReport) {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme(dtype: .int4)))
    recipe.budget = budget
    let result = try ModelQuantizer(
      recipe: recipe,
      calibration: SampleGraphs.calibration(try SampleGraphs.images(8, seed: 100)),
      sensitivities: cache
    ).quantize(try SampleGraphs.convolutions())
    return (result.quantized.model, try #require(result.frontier))
  }

  private func psnr(_ model: Model) throws -> Double {
    let held = try SampleGraphs.images(16, seed: 900)
    let expected = try SampleGraphs.outputs(try SampleGraphs.convolutions(), held)
    let found = try SampleGraphs.outputs(model, held)
    let values = zip(expected, found).map { expected, found in
      let range = Double((expected.max() ?? 0) - (expected.min() ?? 0))
      return 10 * log10(range * range / SampleGraphs.error([expected], [found]))
    }
    return values.reduce(0, +) / Double(values.count)
  }

  @Test("A bound on PSNR holds on inputs that were not measured, at the smallest size")
  func promise() throws {
    let none = try quantize(.layers(atMost: 0))
    let measured = try #require(none.report.frontier[0].measuredPSNR)
    let bound = measured + 3
    let chosen = try quantize(.psnr(atLeast: bound))
    #expect(try psnr(chosen.model) >= bound)
    let point = try #require(chosen.report.frontier.first { $0.isChosen })
    #expect(point.keptCount >= 1)
    let fewer = chosen.report.frontier[point.keptCount - 1]
    let needed = bound + 2
    #expect(try #require(fewer.measuredPSNR) < needed && fewer.byteCount < point.byteCount)
  }

  @Test("A bound that nothing keeps is refused, with the best there is")
  func impossible() {
    #expect {
      try quantize(.psnr(atLeast: 190))
    } throws: { error in
      "\(error)".hasPrefix("the budget psnr>=190 cannot be kept; the nearest is ")
    }
  }

  @Test("A bound on size holds and uses what it allows")
  func size() throws {
    let chosen = try quantize(.size(atMost: 0.4))
    let point = try #require(chosen.report.frontier.first { $0.isChosen })
    #expect(Double(point.byteCount) <= 0.4 * Double(chosen.report.originalByteCount))
    #expect(point.keptCount == 1)
  }

  @Test("Measurements are kept and gone on with; those of another model are dropped")
  func cache() throws {
    let folder = try TemporaryFolder()
    let path = folder.path(of: "sensitivity.json")
    _ = try quantize(.layers(atMost: 0.5), cache: SensitivityCache(path: path, key: "a"))
    let again = try SensitivityCache(path: path, key: "a")
    #expect(again.error(of: "net/first.weight") != nil)
    try again.record(1e9, of: "net/second.weight")
    let chosen = try quantize(
      .layers(atMost: 0.5), cache: try SensitivityCache(path: path, key: "a"))
    #expect(chosen.report.layers.first { $0.isKept }?.weight == "second.weight")
    #expect(try SensitivityCache(path: path, key: "b").error(of: "net/first.weight") == nil)
    let other = try folder.write("other.json", Array("{}".utf8))
    #expect(throws: QuantizationError.self) { try SensitivityCache(path: other, key: "a") }
  }

  @Test("The recipe of a choice gives the same model without measuring")
  func fixing() throws {
    var recipe = Recipe(defaultScheme: .integer(IntegerScheme(dtype: .int4)))
    recipe.budget = .layers(atMost: 0.5)
    let calibration = SampleGraphs.calibration(try SampleGraphs.images(8, seed: 100))
    let model = try SampleGraphs.convolutions()
    let (first, report) = try ModelQuantizer(recipe: recipe, calibration: calibration)
      .quantize(model)
    let fixed = try Recipe(yaml: recipe.fixing(try #require(report)).yaml())
    #expect(fixed.budget == nil)
    let second = try ModelQuantizer(recipe: fixed, calibration: calibration).quantize(model)
      .quantized
    let held = try SampleGraphs.images(2, seed: 900)
    #expect(
      try SampleGraphs.outputs(first.model, held) == SampleGraphs.outputs(second.model, held))
  }
}
