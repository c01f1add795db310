import Crypto
import FileIO
import Foundation
import ModelGraph
import Tensors

/// Writes models as native files (`formats/imgc.md`), tensor by tensor.
///
/// A batch of chunks is in memory at a time, whatever the model's size; chunks of a batch are coded
/// in parallel. The bytes do not depend on the number of threads.
public enum ImgcWriter {
  /// What was written.
  public struct Summary: Sendable {
    /// The content digest, 64 lower-case hexadecimal digits.
    public let contentDigest: String
  }

  /// Writes `model` to `file`, which the caller publishes.
  ///
  /// - Parameter progress: is told the share of plain bytes written, 0 to 1.
  /// - Throws: `ImgcError`, or the error of a component's weights.
  public static func write(
    _ model: Model, to file: OutputFile, progress: @escaping (Double) -> Void = { _ in }
  ) throws -> Summary {
    try ModelNames.check(model)
    let total = model.components.reduce(0) { sum, component in
      sum + component.weights.tensors.reduce(0) { $0 + $1.byteCount }
    }
    var writer = try BlobWriter(file: file, totalSize: total, progress: progress)
    try file.write(HeaderSection.bytes)
    var manifest = Manifest(components: [], files: [], provenance: model.provenance, blobs: [])
    for component in model.components {
      manifest.components.append(try write(component, &writer))
    }
    for attached in model.files {
      let blob = try writer.add(attached.content)
      manifest.files.append(Manifest.FileEntry(path: attached.path, blob: blob))
    }
    manifest.blobs = writer.blobs
    return try finish(manifest, file)
  }

  private static func write(
    _ component: Component, _ writer: inout BlobWriter
  ) throws -> Manifest.ComponentEntry {
    let config = try component.config.map { try writer.add($0) }
    var entries: [Manifest.Entry] = []
    for (index, info) in component.weights.tensors.enumerated() {
      let blob = try writer.add(component.weights, index)
      entries.append(Manifest.Entry(info: info, blob: blob))
    }
    return Manifest.ComponentEntry(
      name: component.name, role: component.role, config: config, metadata: component.metadata,
      graphs: component.graphs, quantization: component.quantization, tensors: entries)
  }

  private static func finish(_ manifest: Manifest, _ file: OutputFile) throws -> Summary {
    let encoder = ManifestEncoder(manifest: manifest)
    let contentDigest = hexadecimal(SHA256.hash(data: encoder.contentText()))
    let plain = JSONWriter.bytes(encoder.document(contentDigest: contentDigest))
    let compressor = try ZstdCompressor()
    let frame = try plain.withUnsafeBytes { try compressor.compress($0, .matches(9)) }
    let footer = FooterSection(
      manifestOffset: file.byteCount, manifestSize: UInt64(frame.count),
      manifestPlainSize: UInt64(plain.count),
      manifestDigest: Array(SHA256.hash(data: frame)))
    try file.write(frame)
    try file.write(footer.bytes(fileSize: file.byteCount + UInt64(FooterSection.size)))
    return Summary(contentDigest: contentDigest)
  }
}

/// Checks that names are fit to be written.
private enum ModelNames {
  static func check(_ model: Model) throws(ImgcError) {
    var labels: Set<ByteString> = []
    for component in model.components {
      let key = ByteString("\(component.role?.rawValue ?? "")\u{0}\(component.name)")
      guard labels.insert(key).inserted else {
        throw .unwritable(
          component: component.label, field: "name", reason: "another component has it too")
      }
      var names: Set<ByteString> = []
      for tensor in component.weights.tensors {
        guard names.insert(ByteString(tensor.name)).inserted else {
          throw .unwritable(
            component: component.label, field: tensor.name, reason: "two tensors have this name")
        }
      }
    }
  }
}
