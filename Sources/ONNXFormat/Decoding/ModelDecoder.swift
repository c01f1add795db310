import COnnxSchema
import FileIO
import ModelGraph
import Tensors

/// Turns a `ModelProto` message into a model.
struct ModelDecoder {
  /// Decodes the tensors.
  let tensors: TensorDecoder
  /// The files of external data.
  let external: ExternalData
  /// The fields that the schema lacks.
  let unknown: [WireSkeleton.UnknownField: Int]

  private var place: ONNXPlace { ONNXPlace(file: tensors.file.path) }

  func decode(_ message: Onnx__ModelProto) throws(ONNXError) -> Model {
    guard let graphMessage = message.graph else { throw .notAModel(place) }
    try checkIRVersion(message)
    let opsets = try opsets(message)
    let functions = try FunctionTable(message, opsets: opsets, path: place.file)
    let decoder = GraphDecoder(tensors: tensors, functions: functions, opsets: opsets)
    let graph = try decoder.graph(graphMessage, in: .model)
    do throws(GraphError) {
      try graph.validate()
    } catch {
      throw .graph(place, error)
    }
    try external.checkOverlaps()
    let weights = ONNXWeights(decoder.weights.stored, files: [tensors.file] + external.files)
    let component = Component(
      name: "model", graphs: [graph], weights: weights, metadata: metadata(message))
    let step = ProvenanceStep(
      action: "read", tool: "onnx",
      notes: origin(message) + unknownNotes + decoder.notes)
    return Model(components: [component], provenance: [step])
  }

  private func checkIRVersion(_ message: Onnx__ModelProto) throws(ONNXError) {
    let place = place.field("ir_version")
    guard message.has_ir_version != 0 else { throw .missingIRVersion(place) }
    let range = Int64(ONNXReader.oldestIRVersion)...Int64(ONNXReader.newestIRVersion)
    guard range.contains(message.ir_version) else {
      throw .unknownIRVersion(
        place, newest: ONNXReader.newestIRVersion, found: message.ir_version)
    }
  }

  private func opsets(_ message: Onnx__ModelProto) throws(ONNXError) -> [String: Int] {
    let place = place.field("opset_import")
    var versions: [String: Int] = [:]
    for entry in MessageList(message.n_opset_import, message.opset_import) {
      let domain = FunctionTable.normalized(text(entry.pointee.domain))
      let version = entry.pointee.version
      guard version >= 1, version <= Int64(Int32.max) else {
        throw .opsetOutOfRange(place, domain: domain, found: version)
      }
      guard versions.updateValue(Int(version), forKey: domain) == nil else {
        throw .repeatedOpset(place, domain: domain)
      }
    }
    guard !versions.isEmpty else { throw .missingOpset(place, domain: "") }
    if let version = versions[""], version > Graph.canonicalOpset {
      throw .opsetTooNew(place, newest: Graph.canonicalOpset, found: version)
    }
    return versions
  }

  private func metadata(_ message: Onnx__ModelProto) -> [String: String] {
    var metadata: [String: String] = [:]
    for entry in MessageList(message.n_metadata_props, message.metadata_props) {
      metadata[text(entry.pointee.key)] = text(entry.pointee.value)
    }
    return metadata
  }

  /// Who made the model, in words.
  private func origin(_ message: Onnx__ModelProto) -> [String] {
    var notes = ["IR version \(message.ir_version)"]
    let producer = [text(message.producer_name), text(message.producer_version)]
      .filter { !$0.isEmpty }.joined(separator: " ")
    if !producer.isEmpty { notes.append("producer \(producer.escapedForDisplay(limit: 200))") }
    let domain = text(message.domain)
    if !domain.isEmpty { notes.append("domain \(domain.escapedForDisplay(limit: 200))") }
    if message.has_model_version != 0, message.model_version != 0 {
      notes.append("model version \(message.model_version)")
    }
    return notes
  }

  private var unknownNotes: [String] {
    unknown.sorted { $0.key < $1.key }.map { field, count in
      "\(field.message): field \(field.number) skipped, \(count) times"
    }
  }
}
