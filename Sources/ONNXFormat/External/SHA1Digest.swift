import FileIO

/// SHA-1 (RFC 3174), which ONNX's `checksum` entries use; a check against accidents only.
struct SHA1Digest {
  private var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
  private var schedule = [UInt32](repeating: 0, count: 80)

  /// The digest of a whole file in lower-case hexadecimal, read in pieces.
  static func hexadecimal(of file: InputFile) throws(FileIOError) -> String {
    var digest = SHA1Digest()
    let piece: UInt64 = 1 << 20
    var offset: UInt64 = 0
    while offset + piece <= file.size {
      digest.update(try file.bytes(at: offset, count: Int(piece)))
      offset += piece
    }
    return digest.finish(
      try file.bytes(at: offset, count: Int(file.size - offset)), byteCount: file.size)
  }

  /// The digest of `bytes` in lower-case hexadecimal.
  static func hexadecimal(of bytes: [UInt8]) -> String {
    var digest = SHA1Digest()
    return digest.finish(bytes, byteCount: UInt64(bytes.count))
  }
}

extension SHA1Digest {
  /// Takes in the last bytes, and the padding for a text of `byteCount` bytes in all.
  private mutating func finish(_ bytes: [UInt8], byteCount: UInt64) -> String {
    var tail = bytes
    tail.append(0x80)
    while tail.count % 64 != 56 { tail.append(0) }
    withUnsafeBytes(of: (byteCount &* 8).bigEndian) { tail.append(contentsOf: $0) }
    update(tail)
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  /// Takes in whole blocks of 64 bytes.
  private mutating func update(_ bytes: [UInt8]) {
    for block in stride(from: 0, to: bytes.count, by: 64) {
      for word in 0..<16 {
        let start = block + 4 * word
        schedule[word] =
          UInt32(bytes[start]) << 24 | UInt32(bytes[start + 1]) << 16
          | UInt32(bytes[start + 2]) << 8 | UInt32(bytes[start + 3])
      }
      mixBlock()
    }
  }

  private mutating func mixBlock() {
    for word in 16..<80 {
      schedule[word] = Self.rotate(
        schedule[word - 3] ^ schedule[word - 8] ^ schedule[word - 14] ^ schedule[word - 16], 1)
    }
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for round in 0..<80 {
      let (choice, constant): (UInt32, UInt32) =
        switch round {
        case ..<20: (b & c | ~b & d, 0x5A82_7999)
        case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
        case ..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
      let next = Self.rotate(a, 5) &+ choice &+ e &+ schedule[round] &+ constant
      (e, d, c, b, a) = (d, c, Self.rotate(b, 30), a, next)
    }
    for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
  }

  private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value << count | value >> (32 - count)
  }
}
