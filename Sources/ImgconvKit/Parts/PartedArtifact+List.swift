import FileIO

extension PartedArtifact {
  /// The name of the list of the parts of `name`.
  static func listName(_ name: String) -> String { "\(name).parts.json" }

  /// The name of part number `index`, counted from 0: `model.imgc.part-0001` is the first.
  static func partName(_ name: String, _ index: Int) -> String {
    let number = String(index + 1)
    return "\(name).part-" + String(repeating: "0", count: max(0, 4 - number.count)) + number
  }

  /// The list that stands beside the parts.
  var list: JSONValue {
    let parts = parts.map { part -> JSONValue in
      [
        "name": .string(part.path), "size": .integer(part.byteCount),
        "sha256": .string(part.sha256),
      ]
    }
    return .object(
      [JSONMember("format", "imgc-parts"), JSONMember("version", 1)] + wholeMembers
        + [JSONMember("parts", .array(parts))])
  }

  /// Reads the list at `path` (P2).
  ///
  /// - Throws: `PartsError`, `FileIOError`.
  init(listAt path: String) throws {
    let reader = PartsReader(path: path)
    let document = try reader.document()
    try reader.require(document, "format", "imgc-parts")
    guard document["version"]?.int == 1 else {
      throw reader.error("version", "1", document["version"]?.kindName ?? "nothing")
    }
    try self.init(whole: document, reader)
    for part in try reader.elements(document, "parts") {
      parts.append(
        Part(
          path: try reader.fileName(part, "name"), byteCount: try reader.size(part, "size"),
          sha256: try reader.digest(part, "sha256")))
    }
    try checkSizes(reader)
  }
}
