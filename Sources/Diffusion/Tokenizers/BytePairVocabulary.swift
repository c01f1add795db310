import FileIO

/// A byte-level byte-pair vocabulary: the tokens of single bytes and the merges by rank.
///
/// Sennrich et al., *Neural Machine Translation of Rare Words with Subword Units*, 2016; bytes are
/// written as printable characters as in GPT-2, and a word's last symbol carries `</w>` as in CLIP.
struct BytePairVocabulary: Sendable {
  /// What a pair of symbols becomes and how early.
  private struct Merge {
    var rank: Int
    var result: Int
  }

  /// The tokens' numbers by their texts.
  let ids: [ByteString: Int]
  private let innerBytes: [Int]
  private let lastBytes: [Int]
  private let merges: [UInt64: Merge]

  /// A vocabulary of `ids` and `pairs` in the order of their ranks.
  ///
  /// - Parameters:
  ///   - suffix: what ends a word's last symbol.
  ///   - unknown: the token for a byte that the vocabulary has none for.
  /// - Throws: `DiffusionError.tokenizer` for a pair of symbols that are not in the vocabulary.
  init(
    file: String, ids: [ByteString: Int], pairs: [(String, String)], suffix: String, unknown: Int
  ) throws(DiffusionError) {
    self.ids = ids
    let characters = Self.byteCharacters
    innerBytes = characters.map { ids[ByteString($0)] ?? unknown }
    lastBytes = characters.map { ids[ByteString($0 + suffix)] ?? unknown }
    var merges: [UInt64: Merge] = [:]
    for (rank, pair) in pairs.enumerated() {
      guard let left = ids[ByteString(pair.0)], let right = ids[ByteString(pair.1)],
        let result = ids[ByteString(pair.0 + pair.1)]
      else {
        throw .tokenizer(
          file: file, field: "merge \(rank)", expected: "symbols of the vocabulary",
          found: "'\(pair.0)' and '\(pair.1)'")
      }
      let key = Self.key(left, right)
      if merges[key] == nil { merges[key] = Merge(rank: rank, result: result) }
    }
    self.merges = merges
  }

  /// The tokens of one word, given as its UTF-8 bytes.
  ///
  /// The pair of lowest rank, the leftmost of equals, is merged until none is left: time in
  /// proportion to the square of the word's length.
  func tokens(of word: [UInt8]) -> [Int] {
    guard let last = word.last else { return [] }
    var symbols = word.dropLast().map { innerBytes[Int($0)] } + [lastBytes[Int(last)]]
    while let best = lowest(symbols) {
      symbols[best.index] = best.merge.result
      symbols.remove(at: best.index + 1)
    }
    return symbols
  }

  private func lowest(_ symbols: [Int]) -> (index: Int, merge: Merge)? {
    var best: (index: Int, merge: Merge)?
    for index in symbols.indices.dropLast() {
      guard let merge = merges[Self.key(symbols[index], symbols[index + 1])] else { continue }
      if best.map({ merge.rank < $0.merge.rank }) ?? true { best = (index, merge) }
    }
    return best
  }

  private static func key(_ left: Int, _ right: Int) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: left)) << 32 | UInt64(UInt32(truncatingIfNeeded: right))
  }

  /// The character that stands for each byte: itself where it is printable in Latin-1, else one
  /// from U+0100 on, in order.
  static let byteCharacters: [String] = {
    var next: UInt32 = 256
    return (0..<256).map { byte in
      let isPrintable =
        (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
      let value = isPrintable ? UInt32(byte) : next
      if !isPrintable { next += 1 }
      return UnicodeScalar(value).map { String(Character($0)) } ?? ""
    }
  }()
}
