import FileIO
import ModelGraph

/// The files of one tokenizer among a model's attached files.
struct TokenizerFolder {
  /// The folder's path in the model.
  let path: String
  private let contents: [String: [UInt8]]

  /// The files of the folder `path`.
  init(path: String, files: [AttachedFile]) {
    self.path = path
    let prefix = path.isEmpty ? "" : path + "/"
    contents = Dictionary(
      files.filter { $0.path.hasPrefix(prefix) }
        .map { (String($0.path.dropFirst(prefix.count)), $0.content) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The names of the files, sorted.
  var names: [String] { contents.keys.sorted() }

  /// Whether there is a file of that name.
  func has(_ name: String) -> Bool { contents[name] != nil }

  /// The path of the file `name` in the model, for messages.
  func file(_ name: String) -> String { path.isEmpty ? name : "\(path)/\(name)" }

  /// The content of the file `name`; empty where there is none.
  func content(_ name: String) -> [UInt8] { contents[name] ?? [] }

  /// The JSON object in the file `name`; nil where there is no such file.
  ///
  /// - Throws: `DiffusionError.tokenizer` for a file that holds anything else.
  func object(_ name: String) throws(DiffusionError) -> JSONValue? {
    guard let content = contents[name] else { return nil }
    let value: JSONValue
    do {
      value = try JSONParser().parse(content)
    } catch {
      throw .tokenizer(
        file: file(name), field: "the file", expected: "JSON", found: String(describing: error))
    }
    guard value.members != nil else {
      throw .tokenizer(
        file: file(name), field: "the file", expected: "an object", found: value.kindName)
    }
    return value
  }

  /// The numbers of tokens that an object of `name: number` holds.
  func vocabulary(_ object: JSONValue, file name: String) throws(DiffusionError) -> [ByteString:
    Int]
  {
    var ids: [ByteString: Int] = [:]
    for member in object.members ?? [] {
      guard let id = member.value.int, (0...Int(Int32.max)).contains(id) else {
        throw .tokenizer(
          file: file(name), field: member.name, expected: "a token's number",
          found: member.value.kindName)
      }
      ids[ByteString(member.name)] = id
    }
    return ids
  }
}
