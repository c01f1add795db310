import ArgumentParser
import FileIO
import ImgconvKit
import ModelGraph

/// `imgconv import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Bring weights and graphs into one compressed .imgc artifact.",
    discussion: """
      A source is a diffusers folder (a component or a whole pipeline), a .safetensors file, a \
      shard index (*.index.json), an .onnx model, or another .imgc. A folder's graphs are built \
      from its configurations (formats/architectures.md). --role and --component hold for all sources when given once, or for each in turn when \
      given as often as there are sources:

        imgconv import teacher.onnx student.onnx --role teacher --role student -o both.imgc
      """)

  @Argument(help: "The files and folders to import.")
  var sources: [String]

  @Option(name: .shortAndLong, help: "Where the artifact goes.")
  var output: String

  @Option(help: "The role of the sources' components: teacher or student.")
  var role: [Role] = []

  @Option(help: "The name of the sources' components.")
  var component: [String] = []

  @Option(help: "The variant of a folder's weights, such as fp16.")
  var variant: String?

  @Option(help: "Leave this component of a pipeline out; may be given again.")
  var skip: [String] = []

  @Option(
    help: ArgumentHelp(
      "Fold the low-rank updates of this safetensors file into the weights, SCALE (1) times; may be given again.",
      valueName: "file[:scale]"))
  var lora: [LoRASource] = []

  @Option(
    help: """
      A folder of a tokenizer to carry along, for sources that have none; again for the second and \
      third text encoder.
      """)
  var tokenizer: [String] = []

  @Option(help: "A scheduler's configuration (JSON) to carry in place of the sources' own.")
  var scheduler: String?

  @Option(
    help: """
      on or off: record that the model is sampled in few steps, with the first step's noise corrected \
      or not (formats/sampling.md).
      """)
  var noiseCorrection: Switch?

  @Option(
    help: ArgumentHelp(
      "Store the weights as differences to the tensors of the same names in this .imgc, where that is smaller; the artifact can only be opened where that file is beside it or in a folder of IMGCONV_PATH.",
      valueName: "teacher"))
  var deltaFrom: String?

  @Option(help: "Follow symbolic links to external data as long as they stay below this folder.")
  var dataRoot: String?

  @Flag(help: "Accept external data files that have several names (hard links).")
  var allowHardLinks = false

  @Flag(help: "Accept tensors whose ranges of external data overlap.")
  var allowOverlap = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    guard [0, 1, sources.count].contains(role.count) else {
      throw ValidationError("--role: expected one, or one for each of \(sources.count) sources")
    }
    guard [0, 1, sources.count].contains(component.count) else {
      throw ValidationError(
        "--component: expected one, or one for each of \(sources.count) sources")
    }
  }

  mutating func run() throws {
    let progress = try compute.begin()
    let described = sources.enumerated().map { index, path in
      ImportJob.Source(
        path: path, role: role.isEmpty ? nil : role[min(index, role.count - 1)],
        component: component.isEmpty ? nil : component[min(index, component.count - 1)])
    }
    var job = ImportJob(
      sources: described, output: output, outputPolicy: outputOptions.policy)
    job.folderOptions = FolderOptions(variant: variant, skippedComponents: Set(skip))
    job.loras = lora
    job.tokenizers = tokenizer
    job.scheduler = scheduler
    job.correctsNoise = noiseCorrection?.isOn
    job.deltaFrom = deltaFrom
    job.onnxOptions.dataRoot = dataRoot
    job.onnxOptions.allowsHardLinks = allowHardLinks
    job.onnxOptions.allowsOverlap = allowOverlap
    let report = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    if json {
      try JSONReport.print(ArtifactDocument(report))
    } else {
      print(ArtifactText.summary(report))
    }
  }
}

extension Role: ExpressibleByArgument {}

extension LoRASource: ExpressibleByArgument {}
