import FileIO
import Foundation

/// A `tokenizer.json` of the tokenizers library, as far as CLIP's and T5's use it; any other step
/// is refused by name.
struct TokenizerDocument {
  private let folder: TokenizerFolder
  private let settings: TokenizerSettings
  private let document: JSONValue
  private static let name = "tokenizer.json"

  /// The document in `folder`.
  ///
  /// - Throws: `DiffusionError.tokenizer` where it is no object.
  init(_ folder: TokenizerFolder, _ settings: TokenizerSettings) throws(DiffusionError) {
    self.folder = folder
    self.settings = settings
    document = try folder.object(Self.name) ?? [:]
  }

  /// The tokenizer described.
  ///
  /// - Throws: `DiffusionError.tokenizer` naming the field.
  func tokenizer() throws(DiffusionError) -> any PromptTokenizer {
    switch document["model"]?["type"]?.string {
    case "BPE": return try bytePairs()
    case "Unigram": return try unigram()
    case let type: throw refused("model.type", "BPE or Unigram", type ?? "none")
    }
  }

  private func refused(_ field: String, _ expected: String, _ found: String) -> DiffusionError {
    .tokenizer(file: folder.file(Self.name), field: field, expected: expected, found: found)
  }

  /// The steps of a normalizer or pre-tokenizer, a sequence taken apart.
  private func steps(_ field: String, _ list: String) -> [JSONValue] {
    guard let step = document[field], !step.isNull else { return [] }
    return step["type"]?.string == "Sequence" ? step[list]?.elements ?? [] : [step]
  }

  private func addedTokens() -> [AddedToken] {
    (document["added_tokens"]?.elements ?? []).compactMap { entry in
      guard let id = entry["id"]?.int, id >= 0 else { return nil }
      return AddedToken(json: entry, id: id)
    }
  }
}

extension TokenizerDocument {
  private static let wordPatterns = [
    "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
    "<\\|startoftext\\|>|<\\|endoftext\\|>|"
      + "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
  ]

  private func bytePairs() throws(DiffusionError) -> any PromptTokenizer {
    try checkBytePairSteps()
    let model = document["model"] ?? [:]
    for key in ["byte_fallback", "ignore_merges", "fuse_unk"] where model[key]?.bool == true {
      throw refused("model.\(key)", "false", "true")
    }
    if let prefix = model["continuing_subword_prefix"]?.string, !prefix.isEmpty {
      throw refused("model.continuing_subword_prefix", "none", prefix)
    }
    let ids = try folder.vocabulary(model["vocab"] ?? [:], file: Self.name)
    let unknown = model["unk_token"]?.string.flatMap { ids[ByteString($0)] }
    guard let unknown else {
      throw refused("model.unk_token", "a token of the vocabulary", "none")
    }
    let vocabulary = try BytePairVocabulary(
      file: folder.file(Self.name), ids: ids, pairs: mergePairs(model),
      suffix: model["end_of_word_suffix"]?.string ?? "", unknown: unknown)
    return CLIPTokenizer(
      vocabulary: vocabulary, added: addedTokens(), frame: try frame(ids, padding: "<|endoftext|>"))
  }

  private func checkBytePairSteps() throws(DiffusionError) {
    let normalizers = steps("normalizer", "normalizers").map { $0["type"]?.string ?? "" }
    guard normalizers.filter({ $0 != "Replace" }) == ["NFC", "Lowercase"] else {
      throw refused(
        "normalizer", "NFC, Replace, Lowercase", normalizers.joined(separator: ", "))
    }
    let splits = steps("pre_tokenizer", "pretokenizers")
    guard splits.map({ $0["type"]?.string ?? "" }) == ["Split", "ByteLevel"],
      let pattern = splits[0]["pattern"]?["Regex"]?.string, Self.wordPatterns.contains(pattern),
      splits[1]["add_prefix_space"]?.bool == false
    else {
      throw refused(
        "pre_tokenizer", "CLIP's Split and ByteLevel without a prefix space",
        splits.map { $0["type"]?.string ?? "?" }.joined(separator: ", "))
    }
  }

  private func mergePairs(_ model: JSONValue) throws(DiffusionError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    for (index, merge) in (model["merges"]?.elements ?? []).enumerated() {
      let symbols =
        merge.string?.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        ?? merge.elements?.compactMap(\.string) ?? []
      guard symbols.count == 2 else {
        throw refused("model.merges[\(index)]", "two symbols", merge.kindName)
      }
      pairs.append((symbols[0], symbols[1]))
    }
    return pairs
  }
}

extension TokenizerDocument {
  private func unigram() throws(DiffusionError) -> any PromptTokenizer {
    let model = document["model"] ?? [:]
    if model["byte_fallback"]?.bool == true {
      throw refused("model.byte_fallback", "false", "true")
    }
    let added = addedTokens()
    let whole = Set(added.map { ByteString($0.content) })
    var pieces: [UnigramVocabulary.Piece] = []
    for (index, entry) in (model["vocab"]?.elements ?? []).enumerated() {
      guard let pair = entry.elements, pair.count == 2, let text = pair[0].string,
        let score = pair[1].double, score.isFinite
      else { throw refused("model.vocab[\(index)]", "a piece and its score", entry.kindName) }
      pieces.append(
        UnigramVocabulary.Piece(
          text: text, score: score, isUsed: !whole.contains(ByteString(text))))
    }
    guard let unknown = model["unk_id"]?.int, pieces.indices.contains(unknown) else {
      throw refused(
        "model.unk_id", "a number below \(pieces.count)", model["unk_id"]?.kindName ?? "none")
    }
    let ids = Dictionary(
      pieces.enumerated().map { (ByteString($0.element.text), $0.offset) },
      uniquingKeysWith: { first, _ in first })
    return T5Tokenizer(
      vocabulary: UnigramVocabulary(pieces: pieces, unknown: unknown),
      characters: try characterMap(), addsWordStart: try addsWordStart(), added: added,
      frame: try frame(ids, padding: "<pad>"))
  }

  private func characterMap() throws(DiffusionError) -> CharacterMap? {
    var map: CharacterMap?
    for step in steps("normalizer", "normalizers") {
      switch step["type"]?.string {
      case "Precompiled":
        let text = step["precompiled_charsmap"]?.string ?? ""
        if text.isEmpty { continue }
        guard let data = Data(base64Encoded: text), let read = CharacterMap(Array(data)[...]) else {
          throw refused(
            "normalizer.precompiled_charsmap", "a trie and replacements", "other bytes")
        }
        map = read
      // Both only clean up the spaces between words, at which the text is split anyway.
      case "Strip": continue
      case "Replace" where step["pattern"]?["Regex"]?.string == " {2,}": continue
      case let type:
        throw refused("normalizer", "Precompiled, Strip, Replace of spaces", type ?? "none")
      }
    }
    return map
  }

  private func addsWordStart() throws(DiffusionError) -> Bool {
    let splits = steps("pre_tokenizer", "pretokenizers")
    let types = splits.map { $0["type"]?.string ?? "?" }
    guard types == ["Metaspace"] || types == ["WhitespaceSplit", "Metaspace"],
      let metaspace = splits.last, metaspace["replacement"]?.string == "▁"
    else {
      throw refused(
        "pre_tokenizer", "WhitespaceSplit and Metaspace of ▁", types.joined(separator: ", "))
    }
    switch metaspace["prepend_scheme"]?.string {
    case "always": return true
    case "never": return false
    case nil: return metaspace["add_prefix_space"]?.bool ?? true
    case let scheme?:
      throw refused("pre_tokenizer.prepend_scheme", "always or never", scheme)
    }
  }
}

extension TokenizerDocument {
  /// What the post-processor puts around a text, and the padding token.
  private func frame(
    _ ids: [ByteString: Int], padding fallback: String
  ) throws(DiffusionError) -> PromptFrame {
    let (prefix, suffix) = try surroundings()
    let known = ids.merging(
      addedTokens().map { (ByteString($0.content), $0.id) }, uniquingKeysWith: { _, added in added }
    )
    let padding = try settings.numbered(settings.token("pad_token", fallback: fallback), known)
    return PromptFrame(
      prefix: prefix, suffix: suffix, padding: padding.id,
      length: settings.length ?? document["truncation"]?["max_length"]?.int)
  }

  private func surroundings() throws(DiffusionError) -> (prefix: [Int], suffix: [Int]) {
    let processor = document["post_processor"] ?? .null
    switch processor["type"]?.string {
    case "RobertaProcessing":
      guard let start = processor["cls"]?.elements?.last?.int,
        let end = processor["sep"]?.elements?.last?.int
      else { throw refused("post_processor", "cls and sep with their numbers", "neither") }
      return ([start], [end])
    case "TemplateProcessing": return try template(processor)
    case let type:
      throw refused("post_processor", "RobertaProcessing or TemplateProcessing", type ?? "none")
    }
  }

  private func template(
    _ processor: JSONValue
  ) throws(DiffusionError) -> (prefix: [Int], suffix: [Int]) {
    var parts: [[Int]] = [[]]
    for step in processor["single"]?.elements ?? [] {
      if step["Sequence"] != nil {
        parts.append([])
        continue
      }
      let name = step["SpecialToken"]?["id"]?.string ?? ""
      guard let ids = processor["special_tokens"]?[name]?["ids"]?.elements?.compactMap(\.int) else {
        throw refused("post_processor.single", "special tokens and one sequence", name)
      }
      parts[parts.count - 1] += ids
    }
    guard parts.count == 2 else {
      throw refused("post_processor.single", "one sequence", "\(parts.count - 1)")
    }
    return (parts[0], parts[1])
  }
}
