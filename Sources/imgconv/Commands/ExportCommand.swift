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
      """)

  @Argument(help: "The artifact.")
  var input: String

  @Option(name: .shortAndLong, help: "Where the file goes.")
  var output: String

  @Option(help: "The component to export, where there are several.")
  var component: String?

  @Option(help: "The graph to export as ONNX, where the component has several.")
  var graph: String?

  @Option(help: "What to write: safetensors, onnx or gguf.")
  var format: ExportFormat?

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

  mutating func run() throws {
    let progress = try compute.begin()
    var job = ExportJob(
      input: input, output: output, component: component, graph: graph, format: format,
      replacesExisting: outputOptions.force)
    job.usesExternalData = externalData
    job.restoresWeights = restore
    job.allowsFusedProducts = allowFusedProducts
    job.ggufPrecision = ggufType
    let count = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    print("\(output.escapedForDisplay): \(count) tensors")
  }
}

extension ExportFormat: ExpressibleByArgument {}
extension GGUFWriter.Precision: ExpressibleByArgument {}
