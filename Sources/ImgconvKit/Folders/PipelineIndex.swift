import FileIO

/// What a `model_index.json` lists.
struct PipelineIndex {
  /// What an entry is, by its class.
  enum Kind {
    /// A network.
    case network
    /// A noise schedule: its configuration is carried along.
    case scheduler
    /// A tokenizer or a preprocessor of images: its files are carried along.
    case files
  }

  /// One part of the pipeline.
  struct Entry {
    /// Its name, which is its folder's.
    let name: String
    /// Its class.
    let className: String
    /// What it is.
    let kind: Kind
  }

  /// The file's name in a pipeline's folder.
  static let fileName = "model_index.json"

  /// The parts in the file's order; those that are null are left out.
  let entries: [Entry]

  /// Reads the index in `bytes`.
  ///
  /// - Throws: `JobError.folder` for text that is no JSON object, and for names that are no plain
  ///   folder names.
  init(_ bytes: [UInt8], path: String) throws {
    let document: JSONValue
    do {
      document = try JSONParser().parse(bytes)
    } catch {
      throw JobError.folder(
        path: path, expected: "an index of a pipeline",
        found: "at offset \(error.offset): \(error.reason)")
    }
    guard let members = document.members else {
      throw JobError.folder(path: path, expected: "an object", found: document.kindName)
    }
    var entries: [Entry] = []
    for member in members {
      // Parts are [library, class]; everything else is a setting of the pipeline.
      guard let pair = member.value.elements, pair.count == 2 else { continue }
      guard !member.name.hasPrefix("_"), let className = pair[1].string else { continue }
      guard Self.isPlainName(member.name) else {
        throw JobError.folder(
          path: path, expected: "names of folders",
          found: "\"\(member.name.escapedForDisplay(limit: 100))\"")
      }
      entries.append(
        Entry(name: member.name, className: className, kind: Self.kind(of: className)))
    }
    self.entries = entries
  }

  private static func kind(of className: String) -> Kind {
    if className.hasSuffix("Scheduler") { return .scheduler }
    let endings = [
      "Tokenizer", "TokenizerFast", "FeatureExtractor", "ImageProcessor", "ImageProcessorFast",
      "Processor",
    ]
    return endings.contains(where: className.hasSuffix) ? .files : .network
  }

  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("\\")
      && !name.utf8.contains(0)
  }
}
