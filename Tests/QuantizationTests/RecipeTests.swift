import Quantization
import Tensors
import Testing

@Suite("Recipes")
struct RecipeTests {
  @Test("A recipe prints to YAML that reads back to the same")
  func roundTrip() throws {
    var recipe = Recipe(
      defaultScheme: .integer(IntegerScheme(dtype: .int8, sharing: .group(64), isSymmetric: false)),
      rules: [
        Recipe.Rule(pattern: "conv_in.*", scheme: .float(.float16)),
        Recipe.Rule(
          pattern: "a \"b\" \\[0\\]: #é", scheme: .integer(IntegerScheme(dtype: .int4)),
          activations: .dynamic),
      ], saturates: true)
    recipe.activations = .fixed(
      StaticActivations(dtype: .int8, isSymmetric: true, range: .percentile(99.5), isPerStep: true))
    recipe.splitsConcatenations = false
    recipe.quantizesEnds = true
    recipe.rounding = .secondOrder
    recipe.weightRange = .meanSquare
    recipe.correctsBias = false
    recipe.budget = .size(atMost: 0.375)
    recipe.calibration.sampleCount = 3
    recipe.calibration.seed = 18_446_744_073_709_551_615
    recipe.calibration.stepCount = 2
    recipe.calibration.prompts = ["a \"red\" bicycle: new", "# ein Rad\n", "123", "é"]
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
  }

  @Test("Rules share the granularity of the default where they say none")
  func sharedGranularity() throws {
    let recipe = try Recipe(
      yaml: """
        version: 1
        weights: int8
        granularity: group:32
        rules:
          - {pattern: "*.weight", weights: int4}
          - {pattern: "*", weights: fp16, activations: none}
        """)
    #expect(
      recipe.rules[0].scheme
        == .integer(IntegerScheme(dtype: .int4, sharing: .group(32), isSymmetric: true)))
    #expect(recipe.rules[1].activations == ActivationScheme.none)
  }

  @Test(
    "What breaks a rule of the format is refused by field",
    arguments: [
      ("weights: int8", "recipe: version: expected 1, found none"),
      ("version: 2\nweights: int8", "recipe: version: expected 1, found \"2\""),
      ("version: 1", "recipe: weights: expected fp32, fp16, bf16, int8, int4, found none"),
      ("version: 1\nweights: int9", "recipe: weights: expected fp32"),
      ("version: 1\nweights: int8\ncolour: red", "recipe: colour: expected a member that recipes"),
      ("version: 1\nweights: [int8]", "recipe: weights: expected a value, found a sequence"),
      ("version: 1\nweights: int8\ngranularity: group:1", "recipe: granularity: expected tensor"),
      ("version: 1\nweights: int8\nrounding: up", "recipe: rounding: expected nearest"),
      ("version: 1\nweights: int8\nweight-range: entropy", "recipe: weight-range: expected"),
      ("version: 1\nweights: int8\nbudget: psnr>45", "recipe: budget: expected psnr>=DB"),
      (
        "version: 1\nweights: int8\nactivations: static\nactivation-symmetric: true",
        "recipe: activation-symmetric: expected false for uint8"
      ),
      ("version: 1\nweights: int8\nrules: 3", "recipe: rules: expected a sequence"),
      (
        "version: 1\nweights: int8\nrules: [{weights: int8}]",
        "recipe: rules[0]: pattern: expected a pattern, found none"
      ),
      (
        "version: 1\nweights: int8\ncalibration: {samples: 0}",
        "recipe: calibration: samples: expected a number of at least 1"
      ),
      (
        "version: 1\nweights: int8\ncalibration: {prompts: a}",
        "recipe: calibration: prompts: expected a sequence of texts, found the value \"a\""
      ),
      (
        "version: 1\nweights: int8\ncalibration: {prompts: [[a]]}",
        "recipe: calibration: prompts: expected a sequence of texts, found a sequence in it"
      ),
      ("version: 1\nversion: 1\nweights: int8", "recipe: document: expected"),
      ("- a", "recipe: document: expected a mapping, found a sequence"),
      ("", "recipe: document: expected a mapping, found nothing"),
      ("a: [", "recipe: document: expected YAML"),
    ])
  func refused(_ example: (text: String, message: String)) {
    #expect {
      try Recipe(yaml: example.text)
    } throws: { error in
      "\(error)".hasPrefix(example.message)
    }
  }

  @Test("Budgets are read as they are printed")
  func budgets() {
    for text in ["psnr>=45", "psnr>=38.5", "size<=40%", "layers<=10%"] {
      #expect(Budget(text: text)?.description == text)
    }
    for text in ["psnr>=", "psnr>=x", "size<=40", "size<=0%", "layers<=101%", "psnr>=inf"] {
      #expect(Budget(text: text) == nil)
    }
  }

  @Test("A pattern that matches nothing is refused")
  func unusedPattern() throws {
    let recipe = Recipe(
      defaultScheme: .integer(IntegerScheme()),
      rules: [Recipe.Rule(pattern: "no.such.*", scheme: .float(.float16))])
    #expect(throws: QuantizationError.unusedPattern("no.such.*")) {
      try ModelQuantizer(recipe: recipe).quantize(try SampleGraphs.convolutions())
    }
  }
}
