/// Whether bytes are usable as a text.
enum TextCheck {
  /// UTF-8 without NUL.
  case plain
  /// Not UTF-8.
  case invalid
  /// UTF-8 with a NUL byte, which C strings cannot hold.
  case nul

  /// Looks at every byte of `bytes`.
  init(_ bytes: ArraySlice<UInt8>) {
    var isASCII = true
    var hasNUL = false
    for byte in bytes {
      if byte >= 0x80 { isASCII = false }
      if byte == 0 { hasNUL = true }
    }
    if !isASCII, String(validating: bytes, as: UTF8.self) == nil {
      self = .invalid
    } else {
      self = hasNUL ? .nul : .plain
    }
  }
}
