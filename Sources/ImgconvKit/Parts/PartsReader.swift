import FileIO

/// Reads members of the JSON documents that describe parts (P2, P3).
struct PartsReader {
  /// The document's path, for messages.
  let path: String

  private static let maximumSize: UInt64 = 16 << 20

  /// The parsed document, of at most 16 MiB.
  func document() throws -> JSONValue {
    let file = try InputFile(path: path)
    guard file.size <= Self.maximumSize else {
      throw error("size", "at most \(Self.maximumSize) bytes", "\(file.size)")
    }
    do {
      return try JSONParser().parse(try file.bytes(at: 0, count: Int(file.size)))
    } catch let failure as JSONError {
      throw error("text", "JSON", "\(failure)")
    }
  }

  func error(_ field: String, _ expected: String, _ found: String) -> PartsError {
    .document(path: path, field: field, expected: expected, found: found)
  }

  /// A text that must be `expected`.
  func require(_ document: JSONValue, _ field: String, _ expected: String) throws(PartsError) {
    guard document[field]?.string == expected else {
      throw error(field, "\"\(expected)\"", document[field]?.kindName ?? "nothing")
    }
  }

  /// A number of bytes.
  func size(_ document: JSONValue, _ field: String) throws(PartsError) -> UInt64 {
    guard let size = document[field]?.int, size >= 0 else {
      throw error(field, "a number of bytes", document[field]?.kindName ?? "nothing")
    }
    return UInt64(size)
  }

  /// 64 lower-case hexadecimal digits, behind `prefix`.
  func digest(
    _ document: JSONValue, _ field: String, prefix: String = ""
  ) throws(PartsError) -> String {
    guard let text = document[field]?.string, text.hasPrefix(prefix) else {
      throw error(field, "a SHA-256", document[field]?.kindName ?? "nothing")
    }
    let digits = text.utf8.dropFirst(prefix.utf8.count)
    guard digits.count == 64,
      digits.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else { throw error(field, "64 lower-case hexadecimal digits", text) }
    return String(decoding: digits, as: UTF8.self)
  }

  /// A file's name that leads to no other folder.
  func fileName(_ document: JSONValue, _ field: String) throws(PartsError) -> String {
    guard let name = document[field]?.string, !name.isEmpty, name != ".", name != "..",
      !name.contains("/"), !name.utf8.contains(0)
    else {
      throw error(
        field, "a file name without a folder", document[field]?.kindName ?? "nothing")
    }
    return name
  }

  /// The elements of an array.
  func elements(_ document: JSONValue, _ field: String) throws(PartsError) -> [JSONValue] {
    guard let elements = document[field]?.elements else {
      throw error(field, "an array", document[field]?.kindName ?? "nothing")
    }
    return elements
  }
}
