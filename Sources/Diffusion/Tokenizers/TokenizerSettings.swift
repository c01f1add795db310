import FileIO

/// What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` say.
struct TokenizerSettings {
  private let folder: TokenizerFolder
  private let config: JSONValue
  private let specialTokens: JSONValue
  private let addedTokens: [ByteString: Int]

  /// The settings in `folder`; files that are not there say nothing.
  ///
  /// - Throws: `DiffusionError.tokenizer` for files that cannot be read, and for padding or cutting
  ///   at the left.
  init(_ folder: TokenizerFolder) throws(DiffusionError) {
    self.folder = folder
    config = try folder.object("tokenizer_config.json") ?? [:]
    specialTokens = try folder.object("special_tokens_map.json") ?? [:]
    let added = try folder.object("added_tokens.json") ?? [:]
    addedTokens = try folder.vocabulary(added, file: "added_tokens.json")
    for key in ["padding_side", "truncation_side"] {
      guard let side = config[key]?.string, side != "right" else { continue }
      throw .tokenizer(
        file: folder.file("tokenizer_config.json"), field: key, expected: "right", found: side)
    }
  }

  /// The name of the tokenizer's class without `Fast` and `Tokenizer`; nil where none is given.
  var className: String? {
    config["tokenizer_class"]?.string.map {
      var name = $0[...]
      for ending in ["Fast", "Tokenizer"] where name.hasSuffix(ending) {
        name = name.dropLast(ending.count)
      }
      return String(name)
    }
  }

  /// The number of tokens the encoder takes; nil where none or a stand-in for "any" is given.
  var length: Int? {
    guard let length = config["model_max_length"]?.int, (1...1_000_000).contains(length) else {
      return nil
    }
    return length
  }

  /// How many sentinel tokens `<extra_id_N>` follow T5's vocabulary.
  var extraTokenCount: Int {
    min(max(config["extra_ids"]?.int ?? 100, 0), 100_000)
  }

  /// The token called `name` (`bos_token` …), or `fallback`.
  func token(_ name: String, fallback: String) -> AddedToken {
    for source in [specialTokens, config] {
      if let value = source[name], let token = described(value) { return token }
    }
    return AddedToken(content: fallback, id: -1)
  }

  /// The tokens to be found in a text as they stand, numbered by `ids` or by the settings: those
  /// called `names`, additional special tokens and added tokens.
  ///
  /// - Throws: `DiffusionError.tokenizer` for one of `names` that has no number.
  func added(
    _ named: [AddedToken], ids: [ByteString: Int]
  ) throws(DiffusionError) -> [AddedToken] {
    var found: [ByteString: AddedToken] = [:]
    for token in named { found[ByteString(token.content)] = try numbered(token, ids) }
    for entry in config["added_tokens_decoder"]?.members ?? [] {
      guard var token = described(entry.value), let id = Int(entry.name), id >= 0 else { continue }
      token.id = id
      if found[ByteString(token.content)] == nil { found[ByteString(token.content)] = token }
    }
    for (content, id) in addedTokens where found[content] == nil {
      found[content] = AddedToken(content: content.text, id: id)
    }
    for source in [specialTokens, config] {
      for value in source["additional_special_tokens"]?.elements ?? [] {
        guard var token = described(value), let id = ids[ByteString(token.content)] else {
          continue
        }
        token.id = id
        if found[ByteString(token.content)] == nil { found[ByteString(token.content)] = token }
      }
    }
    return found.values.sorted { $0.id < $1.id }
  }

  /// `token` with its number.
  func numbered(
    _ token: AddedToken, _ ids: [ByteString: Int]
  ) throws(DiffusionError) -> AddedToken {
    var token = token
    let key = ByteString(token.content)
    let declared = config["added_tokens_decoder"]?.members?
      .first { $0.value["content"]?.string.map(ByteString.init) == key }.flatMap { Int($0.name) }
    guard let id = ids[key] ?? addedTokens[key] ?? declared, id >= 0 else {
      throw .tokenizer(
        file: folder.file("tokenizer_config.json"), field: token.content,
        expected: "a token of the vocabulary", found: "none of that text")
    }
    token.id = id
    return token
  }

  /// A token given as its text or as an `AddedToken` object.
  private func described(_ value: JSONValue) -> AddedToken? {
    if let content = value.string { return AddedToken(content: content, id: -1) }
    return AddedToken(json: value, id: -1)
  }
}

extension AddedToken {
  /// The token that an `AddedToken` object describes; nil where it has no text.
  init?(json: JSONValue, id: Int) {
    guard let content = json["content"]?.string else { return nil }
    self.init(
      content: content, id: id, isNormalized: json["normalized"]?.bool ?? false,
      stripsLeft: json["lstrip"]?.bool ?? false, stripsRight: json["rstrip"]?.bool ?? false,
      isWholeWord: json["single_word"]?.bool ?? false)
  }
}
