/// A text compared and hashed by its UTF-8 bytes.
///
/// `String` treats canonically equivalent texts (NFC and NFD) as equal; names in model files are
/// byte strings, so sets and dictionaries of them are keyed by this.
public struct ByteString: Hashable, Sendable, Comparable {
  /// The text.
  public let text: String

  /// The key of `text`.
  public init(_ text: String) { self.text = text }

  public static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  public static func < (left: Self, right: Self) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }

  public func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}
