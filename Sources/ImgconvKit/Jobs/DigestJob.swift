import FileIO
import Foundation
import ImgcFormat

/// `imgconv digest`: files by their SHA-256, as `sha256sum` lists them.
public struct DigestJob: Sendable {
  /// A file's digest.
  public struct Entry: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits.
    public var digest: String
    /// The path as given.
    public var path: String

    /// The line that `sha256sum` prints and `sha256sum -c` reads: names with a backslash or a line
    /// break are escaped, which a leading backslash says.
    public var line: String {
      let special = path.contains { "\\\n\r".contains($0) }
      guard special else { return "\(digest)  \(path)" }
      let escaped = path.replacingOccurrences(of: "\\", with: "\\\\")
        .replacingOccurrences(of: "\n", with: "\\n").replacingOccurrences(of: "\r", with: "\\r")
      return "\\\(digest)  \(escaped)"
    }
  }

  /// The files, in order.
  public var paths: [String]
  /// Whether a native file is listed by its content digest, not by its bytes.
  public var usesContent: Bool

  /// Describes a listing.
  public init(paths: [String], usesContent: Bool = false) {
    self.paths = paths
    self.usesContent = usesContent
  }

  /// The digests, in order.
  ///
  /// - Throws: `FileIOError`, `ImgcError`; `JobError.option` where a content digest is asked of
  ///   another format.
  public func run() throws -> [Entry] {
    try paths.map { path in
      guard usesContent else {
        return Entry(digest: try FileDigest.sha256(InputFile(path: path)), path: path)
      }
      guard try FileFormat(path: path) == .imgc else {
        throw JobError.option(name: "--content", expected: "a native file (.imgc)", found: path)
      }
      return Entry(digest: try ImgcFile(path: path).contentDigest, path: path)
    }
  }

  /// Checks that the model at `path` is the one with the digest `expected`: the content digest of a
  /// native file, the SHA-256 of any file's bytes.
  ///
  /// - Throws: `JobError.digest` with what was found.
  public static func require(_ expected: String, of path: String) throws {
    let wanted = expected.lowercased()
    var found: [String] = []
    if try FileFormat(path: path) == .imgc {
      found.append(try ImgcFile(path: path).contentDigest)
      if found.contains(wanted) { return }
    }
    found.append(try FileDigest.sha256(InputFile(path: path)))
    guard found.contains(wanted) else {
      throw JobError.digest(
        path: path, expected: wanted,
        found: found.joined(separator: " (of the bytes: ")
          + (found.count > 1 ? ")" : ""))
    }
  }
}
