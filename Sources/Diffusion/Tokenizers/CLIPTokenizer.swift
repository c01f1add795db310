import Foundation

/// CLIP's tokenizer: lower-cased words, split into byte pairs.
///
/// The text is brought to NFC and lower case, scalar by scalar; words are, leftmost first, one of
/// `'s 't 're 've 'm 'll 'd`, a run of letters, a single number character, or a run of anything
/// else but white space (Radford et al., *Learning Transferable Visual Models From Natural Language
/// Supervision*, 2021, `simple_tokenizer.py`, without its repair of broken encodings, as in
/// transformers' `CLIPTokenizer`).
struct CLIPTokenizer: PromptTokenizer {
  let frame: PromptFrame
  private let vocabulary: BytePairVocabulary
  private let verbatim: AddedTokenFinder
  private let normalized: AddedTokenFinder

  /// A tokenizer of that vocabulary; `added` are found in the text before words are.
  init(vocabulary: BytePairVocabulary, added: [AddedToken], frame: PromptFrame) {
    self.vocabulary = vocabulary
    self.frame = frame
    verbatim = AddedTokenFinder(added.filter { !$0.isNormalized })
    normalized = AddedTokenFinder(
      added.filter(\.isNormalized).map { token in
        var token = token
        token.content = Self.normalize(token.content)
        return token
      })
  }

  func tokens(of text: String) -> [Int] {
    verbatim.split(text).flatMap { segment -> [Int] in
      switch segment {
      case .token(let id): [id]
      case .text(let text): normalized.split(Self.normalize(text)).flatMap(segmentTokens)
      }
    }
  }

  private func segmentTokens(_ segment: TextSegment) -> [Int] {
    switch segment {
    case .token(let id): [id]
    case .text(let text): Self.words(of: text).flatMap { vocabulary.tokens(of: $0) }
    }
  }

  /// NFC, then each scalar's lower-case mapping.
  static func normalize(_ text: String) -> String {
    var lowered = ""
    for scalar in text.precomposedStringWithCanonicalMapping.unicodeScalars {
      lowered.unicodeScalars.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
    return lowered
  }
}

extension CLIPTokenizer {
  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
    .map { Array($0.unicodeScalars) }

  /// The words of a normalised text, each as its UTF-8 bytes.
  static func words(of text: String) -> [[UInt8]] {
    let scalars = Array(text.unicodeScalars)
    var words: [[UInt8]] = []
    var position = 0
    while position < scalars.count {
      let end = wordEnd(scalars, from: position)
      guard end > position else {
        position += 1
        continue
      }
      words.append(scalars[position..<end].flatMap { Array(String($0).utf8) })
      position = end
    }
    return words
  }

  /// Where the word that begins at `start` ends; `start` itself at white space.
  private static func wordEnd(_ scalars: [Unicode.Scalar], from start: Int) -> Int {
    for contraction in contractions where scalars[start...].starts(with: contraction) {
      return start + contraction.count
    }
    if scalars[start].isNumber { return start + 1 }
    let belongs: (Unicode.Scalar) -> Bool =
      scalars[start].isLetter
      ? { $0.isLetter }
      : { !$0.isLetter && !$0.isNumber && !$0.properties.isWhitespace }
    return scalars[start...].firstIndex { !belongs($0) } ?? scalars.count
  }
}
