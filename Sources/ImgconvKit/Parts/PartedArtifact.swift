import FileIO

/// A native file cut into parts (`formats/parts.md`).
struct PartedArtifact: Hashable {
  /// A run of the file's bytes.
  struct Part: Hashable {
    /// Its file, relative to the folder.
    var path: String
    /// How many bytes it has.
    var byteCount: UInt64
    /// Their SHA-256, 64 lower-case hexadecimal digits.
    var sha256: String
  }

  /// The file's name, without a folder.
  var name: String
  /// The size of the whole file in bytes.
  var byteCount: UInt64
  /// The SHA-256 of the whole file.
  var sha256: String
  /// The content digest of the native file.
  var contentDigest: String
  /// The parts in order.
  var parts: [Part]
}

/// The two forms in which parts lie in a folder.
public enum PartsForm: String, Sendable {
  /// Files of their own and a list, `NAME.parts.json`.
  case list
  /// An OCI image layout, which registry clients push.
  case oci
}

extension PartedArtifact {
  /// The members that tell of the whole file.
  var wholeMembers: [JSONMember] {
    [
      JSONMember("name", .string(name)), JSONMember("size", .integer(byteCount)),
      JSONMember("sha256", .string(sha256)), JSONMember("contentDigest", .string(contentDigest)),
    ]
  }

  /// Reads those members; the parts are still to come.
  init(whole document: JSONValue, _ reader: PartsReader) throws(PartsError) {
    name = try reader.fileName(document, "name")
    byteCount = try reader.size(document, "size")
    sha256 = try reader.digest(document, "sha256")
    contentDigest = try reader.digest(document, "contentDigest")
    parts = []
  }

  /// Checks that the parts' sizes add up to the file's.
  func checkSizes(_ reader: PartsReader) throws(PartsError) {
    var sum: UInt64 = 0
    for part in parts {
      let (total, overflow) = sum.addingReportingOverflow(part.byteCount)
      sum = overflow ? .max : total
    }
    guard sum == byteCount else {
      throw reader.error("size", "\(byteCount) bytes in all parts", "\(sum)")
    }
  }
}
