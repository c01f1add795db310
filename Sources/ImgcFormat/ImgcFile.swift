import FileIO
import ModelGraph
import Tensors

/// An open native file (`formats/imgc.md`).
///
/// Opening reads the footer and the manifest and checks their form and the layout of the chunks;
/// weights are read by range and checked as they are.
public final class ImgcFile: Sendable {
  /// The path as given.
  public let path: String
  /// The content digest, 64 lower-case hexadecimal digits.
  public let contentDigest: String
  /// The model; its weights are read out of this file.
  public let model: Model

  /// The file that the weights are differences to, if they are.
  public var teacher: TeacherReference? { manifest.teacher }

  let manifest: Manifest
  private let chunks: ChunkReader

  /// Opens the file at `path`, and the teacher's file that its weights are differences to, if they
  /// are: beside it, or in a folder of `IMGCONV_PATH`.
  ///
  /// - Throws: `ImgcError`.
  public convenience init(path: String) throws(ImgcError) {
    try self.init(path: path, mayNeedTeacher: true)
  }

  /// Opens the file at `path`; one that is a teacher itself may need none.
  init(path: String, mayNeedTeacher: Bool) throws(ImgcError) {
    let file: InputFile
    do {
      file = try InputFile(path: path)
    } catch {
      throw .file(error)
    }
    let section = try ManifestSection(file)
    let (manifest, digest) = try ManifestDecoder(file: path).decode(section.document)
    try ManifestCheck(file: path, manifest: manifest)
      .run(contentDigest: digest, manifestOffset: section.offset)
    guard mayNeedTeacher || manifest.teacher == nil else {
      throw .manifest(
        file: path, field: "teacher", expected: "none in a teacher's file",
        found: manifest.teacher?.name ?? "")
    }
    let teacher = try manifest.teacher.map { reference throws(ImgcError) in
      try TeacherSearch(file: path, reference: reference).open().blobs
    }
    try teacher?.check(manifest.blobs, path: path)
    let chunks = ChunkReader(file: file, blobs: manifest.blobs, teacher: teacher)
    self.path = path
    self.manifest = manifest
    self.chunks = chunks
    contentDigest = digest
    model = try Self.model(manifest, chunks)
  }

  /// The blobs that another file's may be differences to.
  private var blobs: TeacherBlobs { TeacherBlobs(file: chunks.file, manifest.blobs) }

  private static func model(
    _ manifest: Manifest, _ chunks: ChunkReader
  ) throws(ImgcError) -> Model {
    var components: [Component] = []
    for entry in manifest.components {
      let weights = ImgcWeights(entry.tensors, manifest.blobs, chunks)
      var component = Component(name: entry.name, role: entry.role, weights: weights)
      component.graphs = entry.graphs
      component.quantization = entry.quantization
      component.metadata = entry.metadata
      if let config = entry.config {
        component.config = try chunks.whole(manifest.blobs[config], place: "\(entry.name) config")
      }
      components.append(component)
    }
    var files: [AttachedFile] = []
    for entry in manifest.files {
      files.append(
        AttachedFile(
          path: entry.path,
          content: try chunks.whole(manifest.blobs[entry.blob], place: "file \(entry.path)")))
    }
    return Model(components: components, files: files, provenance: manifest.provenance)
  }
}

/// The weights of a component of a native file.
public final class ImgcWeights: TensorSource {
  /// The tensors in the file's order.
  public let tensors: [TensorInfo]
  private let blobs: [Manifest.Blob]
  private let chunks: ChunkReader

  init(_ entries: [Manifest.Entry], _ blobs: [Manifest.Blob], _ chunks: ChunkReader) {
    tensors = entries.map(\.info)
    self.blobs = entries.map { blobs[$0.blob] }
    self.chunks = chunks
  }

  /// Reads bytes of a tensor; a tensor read whole is checked against its own digest too (R11).
  ///
  /// - Throws: `ImgcError`.
  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let blob = blobs[index]
    try chunks.read(blob, at: offset, into: buffer, place: place(index))
    if offset == 0, buffer.count == blob.size {
      try check(digest: StreamDigest.hexadecimal(of: UnsafeRawBufferPointer(buffer)), of: index)
    }
  }

  /// Checks the digest of all bytes of tensor number `index` (R11).
  func check(digest: String, of index: Int) throws(ImgcError) {
    try chunks.check(digest: digest, of: blobs[index], place: place(index))
  }

  private func place(_ index: Int) -> String {
    "tensor \(tensors[index].name.escapedForDisplay(limit: 300))"
  }

  /// Checks that the file is as it was when it was opened.
  public func checkUnchanged() throws {
    do {
      try chunks.checkUnchanged()
    } catch {
      throw ImgcError.file(error)
    }
  }

  /// The digest of tensor number `index` as the manifest states it; reading the tensor checks it.
  public func digest(of index: Int) -> String? { blobs[index].sha256 }

  /// The blob of tensor number `index`, where differences to it may be stored.
  func teacherBlob(_ index: Int) -> TeacherBlob? {
    let blob = blobs[index]
    guard blob.base == nil, blob.teacherBlob == nil else { return nil }
    let (chunks, place) = (chunks, place(index))
    return TeacherBlob(sha256: blob.sha256, size: blob.size, layout: blob.layout) {
      try chunks.read(blob, at: $0, into: $1, place: place)
    }
  }

  /// How many bytes tensor number `index` takes in the file, frames and all.
  public func storedSize(_ index: Int) -> Int {
    blobs[index].chunks.reduce(0) { $0 + $1.storedSize }
  }
}

extension ChunkReader {
  /// Checks the digest of a blob's plain bytes (R11).
  func check(
    digest: String, of blob: Manifest.Blob, place: String
  ) throws(ImgcError) {
    guard digest == blob.sha256 else {
      throw .digest(
        file: file.path, offset: blob.chunks.first?.offset ?? 0, place: place,
        expected: blob.sha256, found: digest)
    }
  }

  /// All plain bytes of a small blob.
  func whole(_ blob: Manifest.Blob, place: String) throws(ImgcError) -> [UInt8] {
    guard blob.size <= 256 << 20 else {
      throw .limit(
        file: file.path, field: place, expected: "at most 256 MiB", found: "\(blob.size) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: blob.size)
    var span = bytes.mutableSpan
    try span.withUnsafeMutableBytes { buffer throws(ImgcError) in
      try read(blob, at: 0, into: buffer, place: place)
      try check(
        digest: StreamDigest.hexadecimal(of: UnsafeRawBufferPointer(buffer)), of: blob, place: place
      )
    }
    return bytes
  }
}

extension ImgcFile {
  /// Reads everything and checks every rule that opening does not: checksums of chunks, digests of tensors,
  /// scales, symmetric tensors (R8, R9, R11, R12).
  ///
  /// - Throws: `ImgcError` naming the first tensor that breaks one.
  public func verifyAll() throws {
    try TensorVerification(file: path, model.components).run()
    for component in model.components { try component.weights.checkUnchanged() }
  }
}
