import FileIO
import ModelGraph

/// Reads the tokenizers that come with a model.
public struct TokenizerLoader: Sendable {
  private let files: [AttachedFile]

  /// A loader from a model's attached files.
  public init(files: [AttachedFile]) { self.files = files }

  /// The tokenizer in the folder `path` (`tokenizer`, `tokenizer_2`): CLIP's from `vocab.json` and
  /// `merges.txt`, T5's from `spiece.model`, either from `tokenizer.json` where those are missing.
  ///
  /// - Throws: `DiffusionError.tokenizer` naming file and field.
  public func load(folder path: String) throws(DiffusionError) -> any PromptTokenizer {
    let folder = TokenizerFolder(path: path, files: files)
    let settings = try TokenizerSettings(folder)
    if let name = settings.className,
      !["CLIP", "T5", "PreTrained", "Tokenizers"].contains(name), name != "TokenizersBackend"
    {
      throw .tokenizer(
        file: folder.file("tokenizer_config.json"), field: "tokenizer_class",
        expected: "CLIPTokenizer or T5Tokenizer", found: name)
    }
    if folder.has("vocab.json"), folder.has("merges.txt") {
      return try bytePairs(folder, settings)
    }
    if folder.has("spiece.model") { return try sentencePieces(folder, settings) }
    if folder.has("tokenizer.json") {
      return try TokenizerDocument(folder, settings).tokenizer()
    }
    throw .tokenizer(
      file: path, field: "the folder",
      expected: "vocab.json and merges.txt, spiece.model, or tokenizer.json",
      found: folder.names.isEmpty ? "no files" : folder.names.joined(separator: ", "))
  }

  private func bytePairs(
    _ folder: TokenizerFolder, _ settings: TokenizerSettings
  ) throws(DiffusionError) -> any PromptTokenizer {
    let ids = try folder.vocabulary(folder.object("vocab.json") ?? [:], file: "vocab.json")
    let start = try settings.numbered(
      settings.token("bos_token", fallback: "<|startoftext|>"), ids)
    let end = try settings.numbered(settings.token("eos_token", fallback: "<|endoftext|>"), ids)
    let unknown = try settings.numbered(
      settings.token("unk_token", fallback: "<|endoftext|>"), ids)
    let padding = try settings.numbered(
      settings.token("pad_token", fallback: "<|endoftext|>"), ids)
    let vocabulary = try BytePairVocabulary(
      file: folder.file("merges.txt"), ids: ids, pairs: mergePairs(folder), suffix: "</w>",
      unknown: unknown.id)
    return CLIPTokenizer(
      vocabulary: vocabulary,
      added: try settings.added([unknown, padding, end, start], ids: ids),
      frame: PromptFrame(
        prefix: [start.id], suffix: [end.id], padding: padding.id, length: settings.length))
  }

  /// The pairs of `merges.txt`, one a line with a space between, after a line `#version`.
  private func mergePairs(
    _ folder: TokenizerFolder
  ) throws(DiffusionError) -> [(String, String)] {
    var pairs: [(String, String)] = []
    let lines = folder.content("merges.txt").split(separator: UInt8(ascii: "\n"))
    for (number, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty || line.starts(with: Array("#version".utf8)) { continue }
      let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw .tokenizer(
          file: folder.file("merges.txt"), field: "line \(number + 1)",
          expected: "two symbols and a space between", found: "\(parts.count) symbols")
      }
      pairs.append(
        (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self)))
    }
    return pairs
  }

  private func sentencePieces(
    _ folder: TokenizerFolder, _ settings: TokenizerSettings
  ) throws(DiffusionError) -> any PromptTokenizer {
    let file = folder.file("spiece.model")
    let model = try SentencePieceModel(file: file, content: folder.content("spiece.model"))
    var pieces = model.pieces.map {
      UnigramVocabulary.Piece(
        text: $0.text, score: $0.score, isUsed: $0.kind == .normal || $0.kind == .userDefined)
    }
    var added = model.pieces.enumerated().filter { $0.element.kind == .userDefined }
      .map { AddedToken(content: $0.element.text, id: $0.offset) }
    let extraCount = settings.extraTokenCount
    for number in (0..<extraCount).reversed() {
      let content = "<extra_id_\(number)>"
      added.append(AddedToken(content: content, id: pieces.count))
      pieces.append(UnigramVocabulary.Piece(text: content, score: 0, isUsed: false))
    }
    let ids = Dictionary(
      pieces.enumerated().map { (ByteString($0.element.text), $0.offset) },
      uniquingKeysWith: { first, _ in first })
    guard let unknown = model.pieces.firstIndex(where: { $0.kind == .unknown }) else {
      throw .tokenizer(
        file: file, field: "pieces", expected: "one for what is unknown", found: "none")
    }
    let end = try settings.numbered(settings.token("eos_token", fallback: "</s>"), ids)
    let padding = try settings.numbered(settings.token("pad_token", fallback: "<pad>"), ids)
    let named = [AddedToken(content: pieces[unknown].text, id: unknown), padding, end]
    return T5Tokenizer(
      vocabulary: UnigramVocabulary(pieces: pieces, unknown: unknown),
      characters: model.characters, addsWordStart: model.addsWordStart,
      added: try settings.added(named + added, ids: ids),
      frame: PromptFrame(prefix: [], suffix: [end.id], padding: padding.id, length: settings.length)
    )
  }
}
