import Crypto
import FileIO
import Foundation
import ModelGraph
import Tensors

/// Writes models as native files (`formats/imgc.md`), tensor by tensor.
///
/// A few chunks are in memory at a time, whatever the model's size; they are read, coded and written
/// side by side. The bytes do not depend on the number of threads.
public enum ImgcWriter {
  /// What was written.
  public struct Summary: Sendable {
    /// The content digest, 64 lower-case hexadecimal digits.
    public let contentDigest: String
  }

  /// Writes `model` to `file`, which the caller publishes.
  ///
  /// - Parameters:
  ///   - teacher: a file to whose tensors the model's are stored as differences where that is
  ///     smaller; reading the artifact then needs that file.
  ///   - sources: the files that the weights stand in, whose digests are taken on the way.
  ///   - history: gives the steps to record once all weights were read, when the digests of
  ///     `sources` are known; by default the model's own.
  ///   - progress: is told the share of plain bytes written, 0 to 1; one call at a time, from any
  ///     thread.
  /// - Throws: `ImgcError`, or the error of a component's weights.
  public static func write(
    _ model: Model, to file: OutputFile, deltaFrom teacher: ImgcFile? = nil,
    sources: SourceDigests? = nil,
    history: (() throws -> [ProvenanceStep])? = nil,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws -> Summary {
    try ModelNames.check(model)
    if let further = teacher?.teacher {
      throw ImgcError.unwritable(
        component: teacher?.path ?? "", field: "teacher",
        reason: "its weights are differences to \(further.name) themselves")
    }
    try file.write(HeaderSection.bytes)
    let (blobs, numbers) = try BlobWriter(
      items(model, teacher), to: file, sources: sources, progress: progress
    ).run()
    var rest = numbers[...]
    let components = model.components.map { entry($0, &rest) }
    let files = model.files.map {
      Manifest.FileEntry(path: $0.path, blob: rest.removeFirst())
    }
    var manifest = Manifest(
      components: components, files: files, provenance: try history?() ?? model.provenance,
      blobs: blobs)
    if let teacher, blobs.contains(where: { $0.teacherBlob != nil }) {
      try teacher.requireUnchanged()
      manifest.teacher = TeacherReference(
        name: teacher.path.lastComponent, contentDigest: teacher.contentDigest)
    }
    return try finish(manifest, file)
  }

  /// All that becomes blobs: each component's configuration and tensors, then the files. A tensor's
  /// base is that of the same name, type and shape in an earlier component of the same name, or in
  /// the teacher's file: a student's is its teacher's.
  private static func items(_ model: Model, _ teacher: ImgcFile?) -> [BlobItem] {
    var items: [BlobItem] = []
    var earlier: [ByteString: [TensorInfo: Int]] = [:]
    for component in model.components {
      if let config = component.config { items.append(BlobItem(config)) }
      let outside = teacher?.counterparts(of: component) ?? [:]
      let counterparts = earlier[ByteString(component.name)] ?? [:]
      var places: [TensorInfo: Int] = [:]
      for (index, info) in component.weights.tensors.enumerated() {
        var item = BlobItem(component.weights, index)
        item.base = counterparts[info].map { .item($0) } ?? outside[info].map { .teacher($0) }
        places[info] = items.count
        items.append(item)
      }
      if earlier[ByteString(component.name)] == nil { earlier[ByteString(component.name)] = places }
    }
    return items + model.files.map { BlobItem($0.content) }
  }

  /// The entry of `component`, whose blobs' numbers stand first in `numbers`.
  private static func entry(
    _ component: Component, _ numbers: inout ArraySlice<Int>
  ) -> Manifest.ComponentEntry {
    let config = component.config.map { _ in numbers.removeFirst() }
    let tensors = component.weights.tensors.map {
      Manifest.Entry(info: $0, blob: numbers.removeFirst())
    }
    return Manifest.ComponentEntry(
      name: component.name, role: component.role, config: config, metadata: component.metadata,
      graphs: component.graphs, quantization: component.quantization, tensors: tensors)
  }

  private static func finish(_ manifest: Manifest, _ file: OutputFile) throws -> Summary {
    let encoder = ManifestEncoder(manifest: manifest)
    let contentDigest = hexadecimal(SHA256.hash(data: encoder.contentText()))
    let plain = JSONWriter.bytes(encoder.document(contentDigest: contentDigest))
    let frame = try ZstdCompressor().frame(plain, .matches(9))
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
