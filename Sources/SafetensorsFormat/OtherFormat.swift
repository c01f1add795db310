/// Files that people pass for safetensors by mistake, by their first bytes.
struct OtherFormat {
  /// What the file is, and what to do about it.
  let name: String

  /// Nil where nothing is recognised.
  init?(_ prefix: [UInt8]) {
    let text = String(decoding: prefix.prefix(64), as: UTF8.self).lowercased()
    if text.hasPrefix("version https://git-lfs") {
      name = "a Git LFS pointer (fetch the file itself with git lfs pull)"
    } else if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      name = "an HTML page (a failed download)"
    } else if prefix.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      name = "a zip archive (a PyTorch checkpoint? save it as safetensors)"
    } else if prefix.starts(with: Array("GGUF".utf8)) {
      name = "a GGUF file"
    } else if prefix.count >= 2, prefix[0] == 0x80, (2...5).contains(prefix[1]) {
      name = "a Python pickle (save it as safetensors)"
    } else {
      return nil
    }
  }
}
