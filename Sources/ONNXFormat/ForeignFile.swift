/// Files of other kinds that are taken for models by mistake.
enum ForeignFile {
  private static let openings: [(opening: String, name: String)] = [
    ("version https://git-lfs", "a Git-LFS pointer (fetch the file with git lfs pull)"),
    ("<!doctype html", "an HTML page"), ("<html", "an HTML page"), ("<?xml", "an XML document"),
    ("PK\u{3}\u{4}", "a ZIP archive"), ("\u{7F}ELF", "an ELF binary"), ("GGUF", "a GGUF file"),
  ]

  /// What a file that starts with `bytes` is, where that is plain to see.
  static func name(of bytes: [UInt8]) -> String? {
    let start = bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    for (opening, name) in openings {
      let expected = Array(opening.utf8)
      let found = start.prefix(expected.count).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
      let folded = expected.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
      if found == folded { return name }
    }
    // A safetensors file starts with its header's length and an opening brace.
    if bytes.count > 9, bytes[8] == UInt8(ascii: "{"), bytes[6] == 0, bytes[7] == 0 {
      return "a safetensors file"
    }
    let isZstd = bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
    let isSkippable =
      bytes.count > 3 && (0x50...0x5F).contains(bytes[0])
      && bytes[1...3].elementsEqual([0x2A, 0x4D, 0x18])
    return isZstd || isSkippable ? "a zstd stream (.imgc?)" : nil
  }
}
