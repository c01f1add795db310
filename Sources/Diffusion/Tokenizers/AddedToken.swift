/// A token that is found in a text as it stands, before the text is split into words.
struct AddedToken: Hashable, Sendable {
  /// The token's text.
  var content: String
  /// Its number.
  var id: Int
  /// Whether it is looked for in the normalised text instead of the text as given.
  var isNormalized = false
  /// Whether white space before it belongs to it.
  var stripsLeft = false
  /// Whether white space after it belongs to it.
  var stripsRight = false
  /// Whether it counts only where no letter, digit or underscore adjoins it.
  var isWholeWord = false
}

/// A stretch of a text: words to be split, or a token already found.
enum TextSegment: Hashable, Sendable {
  case text(String)
  case token(Int)
}

/// Finds added tokens in a text, leftmost first and longest among those that begin together.
struct AddedTokenFinder: Sendable {
  private let tokens: [(scalars: [Unicode.Scalar], token: AddedToken)]

  /// A finder of `tokens`; those without text are never found.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens.filter { !$0.content.isEmpty }
      .map { (Array($0.content.unicodeScalars), $0) }
      .sorted { $0.scalars.count > $1.scalars.count }
  }

  /// `text` in segments; texts between tokens are never empty.
  func split(_ text: String) -> [TextSegment] {
    guard !tokens.isEmpty else { return text.isEmpty ? [] : [.text(text)] }
    let scalars = Array(text.unicodeScalars)
    var segments: [TextSegment] = []
    var start = 0
    var position = 0
    while position < scalars.count {
      guard let found = token(at: position, of: scalars) else {
        position += 1
        continue
      }
      var left = position
      var right = position + found.count
      if found.token.stripsLeft {
        while left > start, scalars[left - 1].properties.isWhitespace { left -= 1 }
      }
      if found.token.stripsRight {
        while right < scalars.count, scalars[right].properties.isWhitespace { right += 1 }
      }
      append(scalars[start..<left], to: &segments)
      segments.append(.token(found.token.id))
      position = right
      start = right
    }
    append(scalars[start...], to: &segments)
    return segments
  }

  private func append(_ scalars: ArraySlice<Unicode.Scalar>, to segments: inout [TextSegment]) {
    guard !scalars.isEmpty else { return }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    segments.append(.text(String(text)))
  }

  private func token(
    at position: Int, of scalars: [Unicode.Scalar]
  ) -> (token: AddedToken, count: Int)? {
    for (content, token) in tokens {
      let end = position + content.count
      guard end <= scalars.count, scalars[position] == content[0],
        scalars[position..<end].elementsEqual(content)
      else { continue }
      if token.isWholeWord {
        let isJoined =
          (position > 0 && scalars[position - 1].isWordPart)
          || (end < scalars.count && scalars[end].isWordPart)
        if isJoined { continue }
      }
      return (token, content.count)
    }
    return nil
  }
}

extension Unicode.Scalar {
  /// Whether the scalar is a letter (Unicode categories L*).
  var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// Whether the scalar is a number (Unicode categories N*).
  var isNumber: Bool {
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  fileprivate var isWordPart: Bool { isLetter || isNumber || self == "_" }
}
