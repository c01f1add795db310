/// T5's tokenizer: words at white space, each put together from SentencePiece unigram pieces.
///
/// The text between added tokens is normalised by the model's character map, split at white space,
/// and each word begins with `▁` (Raffel et al., *Exploring the Limits of Transfer Learning with a
/// Unified Text-to-Text Transformer*, 2020; as in transformers' `T5Tokenizer`).
struct T5Tokenizer: PromptTokenizer {
  let frame: PromptFrame
  private let vocabulary: UnigramVocabulary
  private let characters: CharacterMap?
  private let addsWordStart: Bool
  private let added: AddedTokenFinder

  /// The character that stands for the space before a word.
  private static let wordStart: Unicode.Scalar = "▁"

  /// A tokenizer of that vocabulary.
  ///
  /// - Parameters:
  ///   - characters: how characters are normalised; nil where they stay as they are.
  ///   - addsWordStart: whether a word that does not begin with `▁` gets one.
  ///   - added: tokens that are found in the text before words are.
  init(
    vocabulary: UnigramVocabulary, characters: CharacterMap?, addsWordStart: Bool,
    added: [AddedToken], frame: PromptFrame
  ) {
    self.vocabulary = vocabulary
    self.characters = characters
    self.addsWordStart = addsWordStart
    self.added = AddedTokenFinder(added)
    self.frame = frame
  }

  func tokens(of text: String) -> [Int] {
    added.split(text).flatMap { segment -> [Int] in
      switch segment {
      case .token(let id): [id]
      case .text(let text):
        words(of: characters?.normalize(text) ?? text).flatMap { vocabulary.tokens(of: $0) }
      }
    }
  }

  /// The words of a normalised text; a `▁` begins a new one.
  private func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    func finish() {
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        finish()
        continue
      }
      if scalar == Self.wordStart {
        finish()
      } else if word.isEmpty, addsWordStart {
        word.unicodeScalars.append(Self.wordStart)
      }
      word.unicodeScalars.append(scalar)
    }
    finish()
    return words
  }
}
