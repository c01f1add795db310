import ArgumentParser
import FileIO
import ImgconvKit
import ModelGraph
import Tensors

/// `imgconv inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a safetensors, ONNX or .imgc file holds, without reading weights.")

  @Argument(help: "The file.")
  var file: String

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Read all of an .imgc and check every digest.")
  var verify = false

  @Flag(help: "Show where the bytes of an .imgc are; with --tensors, of every tensor.")
  var sizes = false

  @Flag(help: "Print the recipe that the file was quantized by, and nothing else.")
  var recipe = false

  @Flag(help: "Print everything as JSON.")
  var json = false

  mutating func run() throws {
    if recipe {
      print(try InspectJob(path: file).recipe(), terminator: "")
      return
    }
    if sizes {
      let report = try SizesReport(path: file)
      if json { return try JSONReport.print(SizesDocument(report)) }
      return print(tensors ? SizesText.tensors(report) : SizesText.text(report))
    }
    let report = try InspectJob(path: file, verifies: verify).run()
    if json {
      try JSONReport.print(InspectDocument(report))
    } else {
      print(text(report))
    }
  }

  private func text(_ report: InspectReport) -> String {
    var lines = [
      "\(file.escapedForDisplay): \(report.format.rawValue), "
        + Quantities.bytes(Int(report.fileSize))
    ]
    if let digest = report.contentDigest { lines.append("content \(digest)") }
    for component in report.model.components { lines += describe(component) }
    for attached in report.model.files {
      lines.append(
        "file \(attached.path.escapedForDisplay(limit: 200)): "
          + Quantities.bytes(attached.content.count))
    }
    if verify { lines.append("every digest holds") }
    for step in report.model.provenance { lines.append(describe(step)) }
    return lines.joined(separator: "\n")
  }

  private func describe(_ component: Component) -> [String] {
    let infos = component.weights.tensors
    let bytes = infos.reduce(0) { $0 + $1.byteCount }
    var lines = ["component \(component.label): \(infos.count) tensors, \(Quantities.bytes(bytes))"]
    let types = Dictionary(grouping: infos, by: \.dtype).sorted {
      $0.key.rawValue < $1.key.rawValue
    }
    for (dtype, group) in types {
      lines.append(
        "  \(dtype.name): \(group.count) tensors, "
          + Quantities.bytes(group.reduce(0) { $0 + $1.byteCount }))
    }
    if !component.quantization.isEmpty {
      lines.append("  quantized: \(component.quantization.count) tensors")
    }
    for graph in component.graphs { lines += describe(graph) }
    if tensors {
      for info in infos {
        lines.append(
          "  \(info.name.escapedForDisplay(limit: 200)): \(info.dtype.name) \(info.shape)")
      }
    }
    return lines
  }

  private func describe(_ graph: Graph) -> [String] {
    let operators = graph.operatorCounts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .prefix(8).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    var lines = ["  graph \(graph.name.escapedForDisplay(limit: 100)): \(graph.nodes.count) nodes"]
    if !operators.isEmpty { lines.append("    \(operators)") }
    for input in graph.requiredInputs { lines.append("    input \(input.displayText)") }
    for output in graph.outputs { lines.append("    output \(output.displayText)") }
    return lines
  }

  private func describe(_ step: ProvenanceStep) -> String {
    let inputs = step.inputs.map {
      "\($0.name.escapedForDisplay(limit: 100)) (sha256 \($0.sha256.prefix(12))…)"
    }.joined(separator: ", ")
    return "made by \(step.tool.escapedForDisplay(limit: 100)) \(step.action) from \(inputs)"
  }
}

extension ValueInfo {
  /// The declaration in one line: `sample: float32 [batch, 4, 64, 64]`.
  fileprivate var displayText: String {
    "\(name.escapedForDisplay(limit: 100)): \(type.description.escapedForDisplay)"
  }
}

/// What a file holds, as JSON.
private struct InspectDocument: Encodable {
  struct Entry: Encodable {
    let name: String
    let type: String
    let shape: [Int]
    let bytes: Int
  }

  struct Value: Encodable {
    let name: String
    let type: String?
    let shape: [String]?
  }

  struct GraphEntry: Encodable {
    let name: String
    let nodes: Int
    let operators: [String: Int]
    let inputs: [Value]
    let outputs: [Value]
  }

  struct ComponentEntry: Encodable {
    let name: String
    let role: String?
    let tensors: [Entry]
    let quantized: [String]
    let graphs: [GraphEntry]
    let metadata: [String: String]
  }

  struct Step: Encodable {
    struct Input: Encodable {
      let name: String
      let sha256: String
      let bytes: UInt64
    }

    let action: String
    let tool: String
    let options: [String: String]
    let inputs: [Input]
    let notes: [String]
    let timestamp: Int64?
  }

  let format: String
  let fileSize: UInt64
  let contentDigest: String?
  let components: [ComponentEntry]
  let files: [String]
  let provenance: [Step]

  init(_ report: InspectReport) {
    format = report.format.rawValue
    fileSize = report.fileSize
    contentDigest = report.contentDigest
    files = report.model.files.map(\.path)
    components = report.model.components.map(ComponentEntry.init)
    provenance = report.model.provenance.map { step in
      Step(
        action: step.action, tool: step.tool, options: step.options,
        inputs: step.inputs.map {
          Step.Input(name: $0.name, sha256: $0.sha256, bytes: $0.byteCount)
        }, notes: step.notes, timestamp: step.timestamp)
    }
  }
}

extension InspectDocument.ComponentEntry {
  fileprivate init(_ component: Component) {
    self.init(
      name: component.name, role: component.role?.rawValue,
      tensors: component.weights.tensors.map {
        InspectDocument.Entry(
          name: $0.name, type: $0.dtype.name, shape: $0.shape.dimensions, bytes: $0.byteCount)
      }, quantized: component.quantization.keys.sorted(),
      graphs: component.graphs.map { graph in
        InspectDocument.GraphEntry(
          name: graph.name, nodes: graph.nodes.count, operators: graph.operatorCounts,
          inputs: graph.requiredInputs.map(InspectDocument.Value.init),
          outputs: graph.outputs.map(InspectDocument.Value.init))
      }, metadata: component.metadata)
  }
}

extension InspectDocument.Value {
  fileprivate init(_ value: ValueInfo) {
    self.init(
      name: value.name, type: value.type.dtype?.name,
      shape: value.type.dimensions?.map(\.description))
  }
}
