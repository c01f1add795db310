/// SentencePiece's precompiled normalisation: replaces the longest known beginning of the text,
/// again and again.
///
/// The content is a `UInt32` size, a double-array trie (darts-clone) of that many bytes, and the
/// replacements, each ended by a zero byte; the trie's values are offsets among them.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// The map that `content` holds; nil where sizes do not fit.
  init?(_ content: ArraySlice<UInt8>) {
    let bytes = Array(content)
    guard bytes.count >= 4 else { return nil }
    let size = Int(Self.unit(bytes, at: 0))
    guard size % 4 == 0, size >= 4, size <= bytes.count - 4 else { return nil }
    units = stride(from: 4, to: 4 + size, by: 4).map { Self.unit(bytes, at: $0) }
    replacements = Array(bytes[(4 + size)...])
  }

  private static func unit(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }

  /// `text` with every longest match replaced.
  func normalize(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var position = 0
    while position < bytes.count {
      if let (count, offset) = longestMatch(bytes, from: position) {
        result += replacements[offset...].prefix { $0 != 0 }
        position += count
      } else {
        repeat {
          result.append(bytes[position])
          position += 1
        } while position < bytes.count && bytes[position] & 0xC0 == 0x80
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The length of the longest key that begins at `start`, and where its replacement is.
  private func longestMatch(_ bytes: [UInt8], from start: Int) -> (count: Int, offset: Int)? {
    var match: (Int, Int)?
    var node = Self.offset(units[0])
    for position in start..<bytes.count {
      node ^= Int(bytes[position])
      guard units.indices.contains(node) else { break }
      let unit = units[node]
      guard unit & 0x8000_00FF == UInt32(bytes[position]) else { break }
      node ^= Self.offset(unit)
      guard units.indices.contains(node) else { break }
      if unit >> 8 & 1 == 1 {
        let offset = Int(units[node] & 0x7FFF_FFFF)
        guard replacements.indices.contains(offset) else { break }
        match = (position - start + 1, offset)
      }
    }
    return match
  }

  /// The distance to a node's children.
  private static func offset(_ unit: UInt32) -> Int {
    Int(unit >> 10) << Int((unit & (1 << 9)) >> 6)
  }
}
