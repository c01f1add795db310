import ArgumentParser
import FileIO
import ImgconvKit
import Kernels
import Quantization

/// `imgconv quantize`.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Store a model's weights, and compute its products, in smaller types.",
    discussion: """
      Every tensor is accounted for in a table: what it became or why it was kept, its size before \
      and after, and its error. --keep gives tensors whose name matches a shell pattern a type of \
      their own (fp32, fp16, bf16, int8, int4); the first pattern that matches wins:

        imgconv quantize student.imgc -o int8.imgc --weights int8 --keep 'conv_in.*=fp16'

      --activations static needs calibration: the model's own trajectory where it has a \
      scheduler, else --calibration FILE. With calibration, weights are rounded by the second \
      moments of their inputs. --budget chooses which layers stay in fp16:

        imgconv quantize decoder.imgc -o w8a8.imgc --weights int8 --activations static \
      --calibration latents.safetensors --budget 'psnr>=45' --cache decoder.sensitivity.json

      --recipe reads all of this from a file; options given beside it come first. The recipe with \
      every choice made is kept in the artifact: imgconv inspect --recipe OUT.imgc.
      """)

  @Argument(help: "The artifact to quantize.")
  var input: String

  @Option(name: .shortAndLong, help: "Where the result goes (not with --dry-run).")
  var output: String?

  @OptionGroup var choices: RecipeOptions

  @Flag(help: "Print the table and write nothing.")
  var dryRun = false

  @Flag(help: "Print the recipe with every choice made instead of the table.")
  var printRecipe = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    if output == nil, !dryRun { throw ValidationError("Give -o OUT.imgc, or --dry-run.") }
    if output != nil, dryRun { throw ValidationError("--dry-run writes nothing; leave out -o.") }
    if choices.weights == nil, choices.recipe == nil {
      throw ValidationError("Give --weights TYPE, or --recipe FILE.")
    }
  }

  mutating func run() throws {
    FreedMemory.giveBackLargeBlocks()
    let progress = try compute.begin()
    var job = QuantizeJob(
      input: input, output: output, recipe: try choices.resolved(),
      outputPolicy: outputOptions.policy)
    job.calibration = choices.calibration
    job.cache = choices.cache
    let report = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    if json {
      try JSONReport.print(QuantizeDocument(report))
    } else if printRecipe {
      print(report.recipe.yaml(), terminator: "")
    } else {
      print(QuantizeText.text(report))
    }
  }
}
