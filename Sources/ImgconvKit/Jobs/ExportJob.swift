import FileIO
import GGUFFormat
import Kernels
import ModelGraph
import ONNXFormat
import Operators
import Quantization
import SafetensorsFormat
import Tensors

/// What an artifact is exported as.
public enum ExportFormat: String, CaseIterable, Sendable {
  /// The weights alone.
  case safetensors
  /// A graph with its weights; quantized weights stand behind DequantizeLinear nodes.
  case onnx
  /// The weights alone, for the runtimes that read GGUF.
  case gguf

  /// The format that a file's name asks for: ONNX for `.onnx`, GGUF for `.gguf`, safetensors else.
  public init(path: String) {
    let name = path.lowercased()
    self = name.hasSuffix(".onnx") ? .onnx : name.hasSuffix(".gguf") ? .gguf : .safetensors
  }
}

/// `imgconv export`: an artifact's weights as a plain safetensors file, or a graph with its weights
/// as an ONNX model.
public struct ExportJob: Sendable {
  /// The artifact.
  public var input: String
  /// Where the file goes.
  public var output: String
  /// The component to export; nil for the only one.
  public var component: String?
  /// The graph to export as ONNX; nil for the only one.
  public var graph: String?
  /// What to write; by default what the output's name asks for.
  public var format: ExportFormat
  /// Whether an ONNX model's weights go into a file beside it even below 2 GiB.
  public var usesExternalData = false
  /// Whether an ONNX runtime may round activations where it joins the dequantization of weights with
  /// products (ONNX Runtime's MatMulNBits).
  public var allowsFusedProducts = false
  /// Whether quantized weights are exported as the real numbers they stand for (safetensors).
  public var restoresWeights = false
  /// The tensors to export; all where there are none.
  public var tensorNames: [String] = []
  /// What weights become in a GGUF file.
  public var ggufPrecision = GGUFWriter.Precision.q80
  /// How `output` is put into place.
  public var outputPolicy: OutputPolicy

  /// Describes an export.
  public init(
    input: String, output: String, component: String? = nil, graph: String? = nil,
    format: ExportFormat? = nil, outputPolicy: OutputPolicy = OutputPolicy()
  ) {
    self.input = input
    self.output = output
    self.component = component
    self.graph = graph
    self.format = format ?? ExportFormat(path: output)
    self.outputPolicy = outputPolicy
  }

  /// Exports and gives back how many tensors were written.
  ///
  /// - Throws: the formats' errors, `JobError`, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> Int {
    guard tensorNames.isEmpty || format == .safetensors else {
      throw JobError.option(
        name: "--tensor", expected: "an export to safetensors", found: format.rawValue)
    }
    let loaded = try ModelLoader().load(path: input)
    let selected = try selected(loaded)
    progress("writing \(output.lastComponent)", 0)
    switch format {
    case .safetensors:
      let all = restoresWeights ? try RestoredSource(selected) : selected.weights
      let weights =
        tensorNames.isEmpty
        ? all : try SelectedTensors(all, names: tensorNames, path: input)
      let digests = StreamedDigests(weights, path: input)
      try SafetensorsWriter.write(
        weights, to: output, metadata: selected.metadata,
        policy: outputPolicy, threadCount: Parallel.threadCount,
        observe: digests.take
      ) { progress("writing \(output.lastComponent)", $0) }
      return weights.tensors.count
    case .onnx: try writeONNX(selected, sources: loaded.sourcePaths)
    case .gguf: return try writeGGUF(selected, sources: loaded.sourcePaths)
    }
    return selected.weights.tensors.count
  }

  private func writeGGUF(_ component: Component, sources: [String]) throws -> Int {
    let weights = try RestoredSource(component)
    let options = GGUFWriter.Options(
      precision: ggufPrecision,
      metadata: [
        ("general.architecture", component.architectureName), ("general.name", component.label),
      ], policy: outputPolicy)
    _ = try GGUFWriter.write(
      weights, to: output, options: options, inputs: try sources.map { try InputFile(path: $0) }
    ) { try weights.tensor($0).converted(to: .float32) }
    return weights.tensors.count
  }

  private func writeONNX(_ component: Component, sources: [String]) throws {
    let options = ONNXWriter.Options(
      externalData: usesExternalData ? .always : .asNeeded, policy: outputPolicy)
    let inputs = try sources.map { try InputFile(path: $0) }
    var component = component.withExplicitZeroPoints()
    if !allowsFusedProducts { component = component.withExactProducts() }
    component.weights = StreamCheckedSource(component.weights, path: input)
    try ONNXWriter.write(
      component,
      graphIndex: try graphIndex(in: component), to: output, options: options,
      inputs: inputs)
  }

  /// The graph asked for, or the only one.
  private func graphIndex(in component: Component) throws -> Int {
    let names = component.graphs.map(\.name)
    if let graph, let index = names.firstIndex(of: graph) { return index }
    guard graph == nil, names.count <= 1 else {
      throw JobError.ambiguousGraph(
        path: input, found: names.map { "\(component.label) \($0.escapedForDisplay(limit: 100))" })
    }
    return 0
  }

  private func selected(_ loaded: LoadedModel) throws -> Component {
    let components = loaded.model.components
    guard let component else {
      if components.count == 1 { return components[0] }
      throw JobError.ambiguousGraph(path: input, found: components.map(\.label))
    }
    guard
      let match = components.first(where: {
        $0.name == component || $0.label == component || $0.role?.rawValue == component
      })
    else {
      throw JobError.noComponent(path: input, name: component, found: components.map(\.label))
    }
    return match
  }
}

extension Component {
  /// The configuration's `_class_name`, or the component's name.
  fileprivate var architectureName: String {
    let document = config.flatMap { try? JSONParser().parse($0) }
    return document?["_class_name"]?.string ?? name
  }
}
