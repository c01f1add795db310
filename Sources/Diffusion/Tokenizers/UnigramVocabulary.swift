/// Pieces with log probabilities, and the most probable way to put a word together from them.
///
/// Kudo, *Subword Regularization*, 2018: a word's probability is the product of its pieces'; the
/// best segmentation is found by Viterbi's algorithm.
struct UnigramVocabulary: Sendable {
  /// A piece of the vocabulary.
  struct Piece: Sendable {
    /// The text, `▁` for a space.
    var text: String
    /// The natural logarithm of its probability.
    var score: Double
    /// Whether words are put together from it: control tokens are not.
    var isUsed = true
  }

  /// How much less probable than the rarest piece an unknown character is (SentencePiece's
  /// `kUnkPenalty`).
  private static let unknownPenalty = 10.0

  private let children: [UInt64: Int32]
  private let ends: [Int32: Int]
  private let scores: [Double]
  private let unknown: Int
  private let unknownScore: Double

  /// A vocabulary in which `pieces` are numbered in order; of equal texts the last counts.
  ///
  /// - Parameter unknown: the number that stands for characters of no piece.
  init(pieces: [Piece], unknown: Int) {
    var children: [UInt64: Int32] = [:]
    var ends: [Int32: Int] = [:]
    for (id, piece) in pieces.enumerated() where piece.isUsed && !piece.text.isEmpty {
      var node: Int32 = 0
      for byte in piece.text.utf8 {
        let key = Self.key(node, byte)
        node = children[key] ?? Int32(children.count + 1)
        children[key] = node
      }
      ends[node] = id
    }
    self.children = children
    self.ends = ends
    self.unknown = unknown
    scores = pieces.map(\.score)
    unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
  }

  private static func key(_ node: Int32, _ byte: UInt8) -> UInt64 {
    UInt64(UInt32(bitPattern: node)) << 8 | UInt64(byte)
  }

  /// The tokens of `word`; neighbouring unknown characters become one token.
  func tokens(of word: String) -> [Int] {
    let bytes = Array(word.utf8)
    var tokens: [Int] = []
    for token in bestPath(bytes) where token != unknown || tokens.last != unknown {
      tokens.append(token)
    }
    return tokens
  }

  /// The pieces of the best segmentation.
  private func bestPath(_ bytes: [UInt8]) -> [Int] {
    var best = [Step?](repeating: nil, count: bytes.count + 1)
    best[0] = Step(score: 0, start: 0, token: unknown)
    var position = 0
    while position < bytes.count {
      let width = min(Self.scalarWidth(bytes[position]), bytes.count - position)
      if let score = best[position]?.score {
        extend(&best, bytes, from: position, score: score, scalarWidth: width)
      }
      position += width
    }
    var tokens: [Int] = []
    var end = bytes.count
    while end > 0, let step = best[end] {
      tokens.append(step.token)
      end = step.start
    }
    return tokens.reversed()
  }

  /// The best way known to reach a position.
  private struct Step {
    var score: Double
    var start: Int
    var token: Int
  }

  private func extend(
    _ best: inout [Step?], _ bytes: [UInt8], from start: Int, score: Double, scalarWidth: Int
  ) {
    func offer(_ end: Int, _ token: Int, _ pieceScore: Double) {
      let total = score + pieceScore
      if best[end].map({ total > $0.score }) ?? true {
        best[end] = Step(score: total, start: start, token: token)
      }
    }
    var node: Int32 = 0
    var end = start
    var coversScalar = false
    while end < bytes.count, let next = children[Self.key(node, bytes[end])] {
      node = next
      end += 1
      guard let token = ends[node] else { continue }
      offer(end, token, scores[token])
      if end == start + scalarWidth { coversScalar = true }
    }
    if !coversScalar { offer(start + scalarWidth, unknown, unknownScore) }
  }

  /// How many bytes the UTF-8 sequence that begins with `lead` takes.
  private static func scalarWidth(_ lead: UInt8) -> Int {
    switch lead {
    case 0xF0...: 4
    case 0xE0...: 3
    case 0xC0...: 2
    default: 1
    }
  }
}
