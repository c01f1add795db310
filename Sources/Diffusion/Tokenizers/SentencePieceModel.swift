/// The parts of a SentencePiece model file (`sentencepiece_model.proto`) that unigram tokenising
/// needs.
struct SentencePieceModel: Sendable {
  /// What a piece is for (`ModelProto.SentencePiece.Type`).
  enum Kind: UInt64, Sendable {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  /// A piece with its log probability and its kind.
  struct Piece: Sendable {
    var text = ""
    var score = 0.0
    var kind = Kind.normal
  }

  /// The pieces; a piece's number is its place.
  private(set) var pieces: [Piece] = []
  /// The normalisation, where the model has one.
  private(set) var characters: CharacterMap?
  /// Whether a text begins with the `▁` of a space.
  private(set) var addsWordStart = true

  private let file: String

  /// Reads the model that `content` holds.
  ///
  /// - Throws: `DiffusionError.tokenizer` naming the field; for a model that is not unigram, falls
  ///   back to bytes, or writes spaces after words.
  init(file: String, content: [UInt8]) throws(DiffusionError) {
    self.file = file
    try eachField(content[...], "the model") { (model, number, content) throws(DiffusionError) in
      switch (number, content) {
      case (1, .bytes(let piece)): model.pieces.append(try model.piece(piece))
      case (2, .bytes(let trainer)): try model.readTrainer(trainer)
      case (3, .bytes(let normalizer)): try model.readNormalizer(normalizer)
      default: break
      }
    }
  }

  private mutating func eachField(
    _ bytes: ArraySlice<UInt8>, _ message: String,
    _ body: (inout Self, UInt64, ProtobufFields.Content) throws(DiffusionError) -> Void
  ) throws(DiffusionError) {
    var fields = ProtobufFields(bytes)
    while fields.hasMore {
      let offset = fields.offset
      guard let field = fields.next() else {
        throw refused(message, "protobuf fields", "other bytes at offset \(offset)")
      }
      try body(&self, field.number, field.content)
    }
  }

  private mutating func piece(_ bytes: ArraySlice<UInt8>) throws(DiffusionError) -> Piece {
    let name = "piece \(pieces.count)"
    var piece = Piece()
    try eachField(bytes, name) { (model, number, content) throws(DiffusionError) in
      switch (number, content) {
      case (1, .bytes(let text)):
        guard let text = String(validating: text, as: UTF8.self) else {
          throw model.refused(name, "UTF-8", "other bytes")
        }
        piece.text = text
      case (2, .fixed32(let bits)): piece.score = Double(Float(bitPattern: bits))
      case (3, .varint(let value)):
        guard let kind = Kind(rawValue: value) else {
          throw model.refused("\(name): type", "1 to 6", "\(value)")
        }
        piece.kind = kind
      default: break
      }
    }
    guard piece.score.isFinite else {
      throw refused("\(name): score", "a number", "\(piece.score)")
    }
    return piece
  }

  private mutating func readTrainer(_ bytes: ArraySlice<UInt8>) throws(DiffusionError) {
    try eachField(bytes, "trainer_spec") { (model, number, content) throws(DiffusionError) in
      switch (number, content) {
      case (3, .varint(let type)) where type != 1:
        throw model.refused("trainer_spec.model_type", "1 (unigram)", "\(type)")
      case (24, .varint(let flag)) where flag != 0:
        throw model.refused("trainer_spec.treat_whitespace_as_suffix", "false", "true")
      case (35, .varint(let flag)) where flag != 0:
        throw model.refused("trainer_spec.byte_fallback", "false", "true")
      default: break
      }
    }
  }

  private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(DiffusionError) {
    try eachField(bytes, "normalizer_spec") { (model, number, content) throws(DiffusionError) in
      switch (number, content) {
      case (2, .bytes(let map)) where !map.isEmpty:
        guard let characters = CharacterMap(map) else {
          throw model.refused(
            "normalizer_spec.precompiled_charsmap", "a trie and replacements", "other bytes")
        }
        model.characters = characters
      case (3, .varint(let flag)): model.addsWordStart = flag != 0
      case (5, .varint(let flag)) where flag == 0:
        throw model.refused("normalizer_spec.escape_whitespaces", "true", "false")
      default: break
      }
    }
  }

  private func refused(_ field: String, _ expected: String, _ found: String) -> DiffusionError {
    .tokenizer(file: file, field: field, expected: expected, found: found)
  }
}
