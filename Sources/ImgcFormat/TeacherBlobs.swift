import FileIO

/// The blobs of a teacher's file to which an artifact's chunks are differences.
struct TeacherBlobs: Sendable {
  /// The teacher's file.
  let file: InputFile
  /// Its blobs without a base, by the SHA-256 of their plain bytes.
  let blobs: [String: Manifest.Blob]

  init(file: InputFile, _ blobs: [Manifest.Blob]) {
    self.file = file
    let plain = blobs.filter { $0.base == nil && $0.teacherBlob == nil }
    self.blobs = Dictionary(plain.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Checks that `wanted`, blobs of the artifact at `path`, find theirs (R15).
  func check(_ wanted: [Manifest.Blob], path: String) throws(ImgcError) {
    for (index, blob) in wanted.enumerated() {
      guard let digest = blob.teacherBlob else { continue }
      guard let base = blobs[digest], base.size == blob.size, base.layout == blob.layout else {
        throw .manifest(
          file: path, field: "blobs[\(index)].teacherBlob",
          expected: "a blob of \(file.path) of this size and layout without a base",
          found: digest)
      }
    }
  }
}
