import Crypto
import FileIO

/// The media types of an artifact in a registry (`formats/parts.md`).
enum OCIMediaType {
  static let artifact = "application/vnd.imgconv.model.v1"
  static let configuration = "application/vnd.imgconv.model.config.v1+json"
  static let part = "application/vnd.imgconv.model.part.v1"
  static let manifest = "application/vnd.oci.image.manifest.v1+json"
  static let index = "application/vnd.oci.image.index.v1+json"
}

extension PartedArtifact {
  /// Where a blob of that digest lies in a layout.
  static func blobPath(_ sha256: String) -> String { "blobs/sha256/\(sha256)" }

  /// The small files of an image layout, in the order in which they are to be written: the
  /// configuration, the manifest, the layout's version, and the index last.
  func layoutFiles() -> [(path: String, content: [UInt8])] {
    let configuration = JSONWriter.bytes(.object(wholeMembers))
    let manifest = JSONWriter.bytes(manifest(configuration))
    let index = JSONWriter.bytes([
      "schemaVersion": 2, "mediaType": .string(OCIMediaType.index),
      "manifests": [
        .object(
          (Self.descriptor(OCIMediaType.manifest, manifest).members ?? []) + [
            JSONMember("artifactType", .string(OCIMediaType.artifact)),
            JSONMember("annotations", ["org.opencontainers.image.ref.name": .string(name)]),
          ])
      ],
    ])
    return [
      (Self.blobPath(Self.sha256(configuration)), configuration),
      (Self.blobPath(Self.sha256(manifest)), manifest),
      ("oci-layout", JSONWriter.bytes(["imageLayoutVersion": "1.0.0"])), ("index.json", index),
    ]
  }

  private func manifest(_ configuration: [UInt8]) -> JSONValue {
    let layers = parts.enumerated().map { index, part -> JSONValue in
      let title = parts.count == 1 ? name : Self.partName(name, index)
      return [
        "mediaType": .string(OCIMediaType.part), "digest": .string("sha256:\(part.sha256)"),
        "size": .integer(part.byteCount),
        "annotations": ["org.opencontainers.image.title": .string(title)],
      ]
    }
    return [
      "schemaVersion": 2, "mediaType": .string(OCIMediaType.manifest),
      "artifactType": .string(OCIMediaType.artifact),
      "config": Self.descriptor(OCIMediaType.configuration, configuration),
      "layers": .array(layers),
    ]
  }

  private static func descriptor(_ mediaType: String, _ content: [UInt8]) -> JSONValue {
    [
      "mediaType": .string(mediaType), "digest": .string("sha256:\(sha256(content))"),
      "size": .integer(content.count),
    ]
  }

  private static func sha256(_ content: [UInt8]) -> String {
    FileDigest.hexadecimal(SHA256.hash(data: content))
  }
}

extension PartedArtifact {
  /// Reads the image layout in `folder` (P3).
  ///
  /// - Throws: `PartsError`, `FileIOError`.
  init(layoutIn folder: String) throws {
    let index = PartsReader(path: "\(folder)/index.json")
    let manifests = try index.elements(try index.document(), "manifests")
    guard manifests.count == 1 else {
      throw index.error("manifests", "one", "\(manifests.count)")
    }
    let (manifest, manifestPath) = try Self.blob(
      manifests[0], OCIMediaType.manifest, index, folder)
    let reader = PartsReader(path: manifestPath)
    guard let descriptor = manifest["config"] else {
      throw reader.error("config", "a descriptor", "nothing")
    }
    let (configuration, path) = try Self.blob(
      descriptor, OCIMediaType.configuration, reader, folder)
    try self.init(whole: configuration, PartsReader(path: path))
    for layer in try reader.elements(manifest, "layers") {
      try reader.require(layer, "mediaType", OCIMediaType.part)
      let digest = try reader.digest(layer, "digest", prefix: "sha256:")
      parts.append(
        Part(
          path: Self.blobPath(digest), byteCount: try reader.size(layer, "size"), sha256: digest))
    }
    try checkSizes(reader)
  }

  /// The JSON document that a descriptor names, its digest checked, and its path.
  private static func blob(
    _ descriptor: JSONValue, _ mediaType: String, _ reader: PartsReader, _ folder: String
  ) throws -> (JSONValue, path: String) {
    try reader.require(descriptor, "mediaType", mediaType)
    let digest = try reader.digest(descriptor, "digest", prefix: "sha256:")
    let path = "\(folder)/\(blobPath(digest))"
    let document = try PartsReader(path: path).document()
    let found = try FileDigest.sha256(InputFile(path: path))
    guard found == digest else {
      throw PartsError.digest(path: path, expected: digest, found: found)
    }
    return (document, path)
  }
}
