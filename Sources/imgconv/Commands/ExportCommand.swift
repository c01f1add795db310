import ArgumentParser
import FileIO
import GGUFFormat
import ImgconvKit

/// `imgconv export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write an artifact's weights as safetensors, or a graph with its weights as ONNX.",
    discussion: """
      Without --format the output's name decides: .onnx gives an ONNX model, quantized \
      weights behind DequantizeLinear nodes; .gguf gives GGUF (Q8_0 or F16); all other names give \
      safetensors, quantized weights with their scales beside them unless --restore is given. Models of \
      2 GiB and more keep their weights in OUTPUT.data beside the model.

      With --split, or with --format oci, the artifact itself goes into the folder OUTPUT, cut into \
      parts: files with a list, or an OCI image layout with one layer a part, which any registry \
      client pushes (formats/parts.md). imgconv join puts the parts together again.
      """)

  @Argument(help: "The artifact.")
  var input: String

  @Option(name: .shortAndLong, help: "Where the file goes.")
  var output: String

  @Option(help: "The component to export, where there are several.")
  var component: String?

  @Option(help: "The graph to export as ONNX, where the component has several.")
  var graph: String?

  @Option(help: "What to write: safetensors, onnx, gguf or oci.")
  var format: FormatName?

  @Option(help: "Cut the artifact into parts of at most this size: 2GB, 512MiB, a number of bytes.")
  var split: ByteSize?

  @Option(help: "Export this tensor alone (safetensors); may be given again.")
  var tensor: [String] = []

  @Flag(help: "Put an ONNX model's weights into OUTPUT.data even below 2 GiB.")
  var externalData = false

  @Flag(
    help: """
      Let ONNX Runtime join DequantizeLinear and MatMul, which then rounds activations to 8 bits \
      (faster, less exact).
      """)
  var allowFusedProducts = false

  @Flag(help: "Write quantized weights as the real numbers they stand for (safetensors).")
  var restore = false

  @Option(help: "What weights become in GGUF: q8_0 or f16.")
  var ggufType = GGUFWriter.Precision.q80

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  /// What `--format` takes.
  enum FormatName: String, ExpressibleByArgument, CaseIterable {
    case safetensors
    case onnx
    case gguf
    case oci

    /// The format of an exported model; nil for the artifact itself.
    var modelFormat: ExportFormat? { ExportFormat(rawValue: rawValue) }
  }

  mutating func validate() throws {
    if split != nil, format?.modelFormat != nil {
      throw ValidationError("--split: expected an artifact in parts, with no --format or oci")
    }
    if isParted, !tensor.isEmpty || restore || externalData || component != nil || graph != nil {
      throw ValidationError("parts are those of the whole artifact, byte for byte")
    }
  }

  private var isParted: Bool { split != nil || format == .oci }

  mutating func run() throws {
    let progress = try compute.begin()
    if isParted { return try writeParts(progress) }
    var job = ExportJob(
      input: input, output: output, component: component, graph: graph,
      format: format?.modelFormat,
      outputPolicy: outputOptions.policy)
    job.usesExternalData = externalData
    job.restoresWeights = restore
    job.allowsFusedProducts = allowFusedProducts
    job.ggufPrecision = ggufType
    job.tensorNames = tensor
    let count = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    print("\(output.escapedForDisplay): \(count) tensors")
  }

  private func writeParts(_ progress: ProgressLine) throws {
    let job = SplitJob(
      input: input, folder: output, partSize: split?.byteCount, form: format == .oci ? .oci : .list,
      outputPolicy: outputOptions.policy)
    let count = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    print("\(output.escapedForDisplay): \(count) \(count == 1 ? "part" : "parts")")
  }
}

extension GGUFWriter.Precision: ExpressibleByArgument {}
