import FileIO
import ModelGraph
import Tensors

/// Writes a manifest as JSON (`formats/imgc.md`, *Manifest*).
struct ManifestEncoder {
  let manifest: Manifest

  /// The manifest with its content digest.
  func document(contentDigest: String) -> JSONValue {
    var members: [JSONMember] = [
      JSONMember("format", "imgc"), JSONMember("version", .integer(Int(imgcVersion))),
      JSONMember("contentDigest", .string(contentDigest)),
      JSONMember("components", .array(manifest.components.map { component($0) { .integer($0) } })),
    ]
    if !manifest.files.isEmpty {
      let files = manifest.files.map { file -> JSONValue in
        ["path": .string(file.path), "blob": .integer(file.blob)]
      }
      members.append(JSONMember("files", .array(files)))
    }
    if !manifest.provenance.isEmpty {
      members.append(JSONMember("provenance", .array(manifest.provenance.map(step))))
    }
    if let teacher = manifest.teacher {
      members.append(
        JSONMember(
          "teacher",
          ["name": .string(teacher.name), "contentDigest": .string(teacher.contentDigest)]))
    }
    members.append(JSONMember("blobs", .array(manifest.blobs.map(blob))))
    return .object(members)
  }

  /// The text whose SHA-256 is the content digest.
  func contentText() -> [UInt8] {
    let digest = { (blob: Int) -> JSONValue in .string(manifest.blobs[blob].sha256) }
    let files = manifest.files.map { file -> JSONValue in
      ["path": .string(file.path), "sha256": digest(file.blob)]
    }
    return JSONWriter.bytes([
      "components": .array(manifest.components.map { component($0, digest) }),
      "files": .array(files),
    ])
  }
}

extension ManifestEncoder {
  private func component(
    _ component: Manifest.ComponentEntry, _ reference: (Int) -> JSONValue
  ) -> JSONValue {
    var members = [JSONMember("name", .string(component.name))]
    if let role = component.role { members.append(JSONMember("role", .string(role.rawValue))) }
    if let config = component.config { members.append(JSONMember("config", reference(config))) }
    members.add("metadata", texts: component.metadata)
    if !component.graphs.isEmpty {
      members.append(JSONMember("graphs", .array(component.graphs.map(GraphEncoder.graph))))
    }
    if !component.quantization.isEmpty {
      let entries = component.quantization.sorted { ByteString($0.key) < ByteString($1.key) }
      members.append(JSONMember("quantization", .array(entries.map(quantization))))
    }
    let tensors = component.tensors.map { tensor -> JSONValue in
      [
        "name": .string(tensor.info.name), "dtype": .string(tensor.info.dtype.name),
        "shape": tensor.info.shape.json, "blob": reference(tensor.blob),
      ]
    }
    members.append(JSONMember("tensors", .array(tensors)))
    return .object(members)
  }

  private func quantization(_ name: String, _ entry: TensorQuantization) -> JSONValue {
    var members = [
      JSONMember("tensor", .string(name)),
      JSONMember("originalType", .string(entry.originalType.name)),
      JSONMember("granularity", granularity(entry.granularity)),
      JSONMember("scale", .string(entry.scale)),
    ]
    if let zeroPoint = entry.zeroPoint {
      members.append(JSONMember("zeroPoint", .string(zeroPoint)))
    }
    members.append(JSONMember("symmetric", .bool(entry.isSymmetric)))
    return .object(members)
  }

  private func granularity(_ granularity: Granularity) -> JSONValue {
    switch granularity {
    case .tensor: "tensor"
    case .channel(let axis): ["channel": .integer(axis)]
    case .group(let axis, let size): ["group": .integer(axis), "size": .integer(size)]
    }
  }

  private func step(_ step: ProvenanceStep) -> JSONValue {
    var members = [
      JSONMember("action", .string(step.action)), JSONMember("tool", .string(step.tool)),
    ]
    members.add("options", texts: step.options)
    if !step.inputs.isEmpty {
      let inputs = step.inputs.map { input -> JSONValue in
        [
          "name": .string(input.name), "sha256": .string(input.sha256),
          "size": .integer(input.byteCount),
        ]
      }
      members.append(JSONMember("inputs", .array(inputs)))
    }
    if !step.notes.isEmpty {
      members.append(JSONMember("notes", .array(step.notes.map(JSONValue.string))))
    }
    if let timestamp = step.timestamp {
      members.append(JSONMember("timestamp", .integer(timestamp)))
    }
    return .object(members)
  }

  private func blob(_ blob: Manifest.Blob) -> JSONValue {
    let chunks = blob.chunks.map { chunk -> JSONValue in
      var members = [
        JSONMember("offset", .integer(chunk.offset)),
        JSONMember("planes", .array(chunk.planes.map { .integer($0) })),
        JSONMember("xxh64", .string(hexadecimal(chunk.xxh64))),
      ]
      if chunk.isDifference { members.append(JSONMember("difference", .bool(true))) }
      return .object(members)
    }
    var members = [
      JSONMember("size", .integer(blob.size)), JSONMember("sha256", .string(blob.sha256)),
      JSONMember("width", .integer(blob.layout.width)),
      JSONMember("rotate", .integer(blob.layout.rotate)),
    ]
    if let base = blob.base { members.append(JSONMember("base", .integer(base))) }
    if let blob = blob.teacherBlob { members.append(JSONMember("teacherBlob", .string(blob))) }
    members.append(JSONMember("chunks", .array(chunks)))
    return .object(members)
  }
}

extension [JSONMember] {
  /// Appends an object of strings in the order of their names, unless it is empty.
  fileprivate mutating func add(_ name: String, texts: [String: String]) {
    guard !texts.isEmpty else { return }
    let members = texts.sorted { ByteString($0.key) < ByteString($1.key) }
      .map { JSONMember($0.key, .string($0.value)) }
    append(JSONMember(name, .object(members)))
  }
}

extension Shape {
  /// The extents as an array.
  var json: JSONValue { .array(dimensions.map { .integer($0) }) }
}
