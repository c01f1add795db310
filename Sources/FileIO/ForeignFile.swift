/// Files that are taken for models by mistake, told by their first bytes.
public enum ForeignFile {
  private static let openings: [(opening: String, name: String)] = [
    ("version https://git-lfs", "a Git-LFS pointer (fetch the file with git lfs pull)"),
    ("<!doctype html", "an HTML page (a failed download?)"),
    ("<html", "an HTML page (a failed download?)"), ("<?xml", "an XML document"),
    ("PK\u{3}\u{4}", "a ZIP archive (a PyTorch checkpoint? save it as safetensors)"),
    ("\u{7F}ELF", "an ELF binary"), ("GGUF", "a GGUF file"), ("\u{93}NUMPY", "a NumPy array"),
  ]

  /// What a file that starts with `bytes` is, where that is plain to see and no model format that
  /// the tool reads.
  public static func name(of bytes: [UInt8]) -> String? {
    let start = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    for (opening, name) in openings {
      let expected = opening.unicodeScalars.map { folded(UInt8(truncatingIfNeeded: $0.value)) }
      if start.prefix(expected.count).map(folded) == expected { return name }
    }
    // A pickle begins with its protocol's number, 2 to 5; so may a safetensors header's length.
    if bytes.count >= 2, !isSafetensors(bytes), bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      return "a Python pickle (save it as safetensors)"
    }
    return nil
  }

  /// Whether a file that starts with `bytes` looks like safetensors: a header's length below 2⁴⁸,
  /// then an opening brace, perhaps after white space.
  public static func isSafetensors(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 9, bytes[6] == 0, bytes[7] == 0 else { return false }
    let header = bytes.dropFirst(8).drop { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
    return header.first == UInt8(ascii: "{")
  }

  /// Whether a file that starts with `bytes` is a zstd stream, as native files are.
  public static func isZstd(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 3 else { return false }
    let isSkippable =
      (0x50...0x5F).contains(bytes[0]) && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    return isSkippable || bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
  }
}
