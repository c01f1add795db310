/// The other native file to which an artifact's weights are stored as differences.
public struct TeacherReference: Hashable, Sendable {
  /// Its name when the artifact was written, without a folder.
  public let name: String
  /// Its content digest, 64 lower-case hexadecimal digits.
  public let contentDigest: String

  /// A file of that name and content.
  public init(name: String, contentDigest: String) {
    self.name = name
    self.contentDigest = contentDigest
  }
}

/// A blob of the teacher's file, to which differences may be stored.
struct TeacherBlob {
  /// The SHA-256 of its plain bytes.
  let sha256: String
  /// How many plain bytes there are.
  let size: Int
  /// How they are split into planes.
  let layout: PlaneLayout
  /// Copies the plain bytes from an offset on.
  let read: (Int, UnsafeMutableRawBufferPointer) throws -> Void
}
