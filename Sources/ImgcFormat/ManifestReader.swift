import FileIO
import Tensors

/// Walks through a manifest's JSON, refusing whatever is not of the form required (R5).
struct ManifestReader {
  /// The file's path, for messages.
  let file: String

  /// An object whose members are taken one by one; what is left over is refused.
  struct Object {
    let reader: ManifestReader
    let field: String
    private var members: [JSONMember]

    init(_ value: JSONValue, _ field: String, _ reader: ManifestReader) throws(ImgcError) {
      guard let members = value.members else {
        throw reader.error(field, "an object", value.kindName)
      }
      self.members = members
      self.field = field
      self.reader = reader
    }

    /// A member that may be missing.
    mutating func optional(_ name: String) -> JSONValue? {
      guard let index = members.firstIndex(where: { $0.name == name }) else { return nil }
      return members.remove(at: index).value
    }

    /// A member that must be there.
    mutating func required(_ name: String) throws(ImgcError) -> JSONValue {
      guard let value = optional(name) else {
        throw reader.error("\(field).\(name)", "a value", "nothing")
      }
      return value
    }

    /// The members that were not taken, in order.
    mutating func takeRest() -> [JSONMember] {
      defer { members = [] }
      return members
    }

    /// Refuses members that were not taken.
    func finish() throws(ImgcError) {
      if let stranger = members.first {
        throw reader.error("\(field).\(stranger.name)", "no such member", stranger.value.kindName)
      }
    }
  }

  func error(_ field: String, _ expected: String, _ found: String) -> ImgcError {
    .manifest(file: file, field: field, expected: expected, found: found)
  }

  func object(_ value: JSONValue, _ field: String) throws(ImgcError) -> Object {
    try Object(value, field, self)
  }

  func string(_ value: JSONValue, _ field: String) throws(ImgcError) -> String {
    guard let text = value.string else { throw error(field, "a string", value.kindName) }
    return text
  }

  func bool(_ value: JSONValue, _ field: String) throws(ImgcError) -> Bool {
    guard let flag = value.bool else { throw error(field, "true or false", value.kindName) }
    return flag
  }

  func int(_ value: JSONValue, _ field: String) throws(ImgcError) -> Int {
    guard let number = value.int else { throw error(field, "an integer", value.kindName) }
    return number
  }

  /// An integer that is not negative.
  func natural(_ value: JSONValue, _ field: String) throws(ImgcError) -> Int {
    let number = try int(value, field)
    guard number >= 0 else { throw error(field, "no negative number", "\(number)") }
    return number
  }

  func elements(_ value: JSONValue?, _ field: String) throws(ImgcError) -> [JSONValue] {
    guard let value else { return [] }
    guard let elements = value.elements else { throw error(field, "an array", value.kindName) }
    return elements
  }

  /// Each element of an array, which may be missing, through `transform` with its field's name.
  func map<Result>(
    _ value: JSONValue?, _ field: String,
    _ transform: (JSONValue, String) throws(ImgcError) -> Result
  ) throws(ImgcError) -> [Result] {
    var results: [Result] = []
    for (index, element) in try elements(value, field).enumerated() {
      results.append(try transform(element, "\(field)[\(index)]"))
    }
    return results
  }

  func texts(_ value: JSONValue?, _ field: String) throws(ImgcError) -> [String: String] {
    guard let value else { return [:] }
    var object = try object(value, field)
    var texts: [String: String] = [:]
    for member in object.takeRest() {
      texts[member.name] = try string(member.value, "\(field).\(member.name)")
    }
    return texts
  }

  /// A SHA-256: 64 lower-case hexadecimal digits.
  func digest(_ value: JSONValue, _ field: String) throws(ImgcError) -> String {
    try hexadecimal(value, 64, field)
  }

  /// An XXH64: 16 lower-case hexadecimal digits of the number.
  func checksum(_ value: JSONValue, _ field: String) throws(ImgcError) -> UInt64 {
    UInt64(try hexadecimal(value, 16, field), radix: 16) ?? 0
  }

  /// A string of `count` lower-case hexadecimal digits (R5).
  private func hexadecimal(
    _ value: JSONValue, _ count: Int, _ field: String
  ) throws(ImgcError) -> String {
    let text = try string(value, field)
    let digits = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    guard text.utf8.count == count, digits else {
      throw error(field, "\(count) lower-case hexadecimal digits", "\"\(text)\"")
    }
    return text
  }

  func dtype(_ value: JSONValue, _ field: String) throws(ImgcError) -> DType {
    let name = try string(value, field)
    guard let dtype = DType(name: name) else {
      throw error(field, "an element type", "\"\(name)\"")
    }
    return dtype
  }

  func shape(_ value: JSONValue, _ field: String) throws(ImgcError) -> Shape {
    let extents = try map(value, field) { value, field throws(ImgcError) in
      try natural(value, field)
    }
    guard extents.count <= 64 else {
      throw .limit(file: file, field: field, expected: "at most 64 axes", found: "\(extents.count)")
    }
    do {
      return try Shape(checking: extents)
    } catch {
      throw self.error(field, "a number of elements that fits 64 bits", "\(extents)")
    }
  }
}
