import CImgKernels
import Testing

@Suite struct DigestTests {
  /// The digest of `parts` one after another, in hexadecimal.
  private func sha256(_ parts: [UInt8]...) -> String {
    var digest = imgk_sha256()
    imgk_sha256_begin(&digest)
    for part in parts { imgk_sha256_update(&digest, part, part.count) }
    return end(&digest)
  }

  private func end(_ digest: inout imgk_sha256) -> String {
    var result = [UInt8](repeating: 0, count: 32)
    imgk_sha256_end(&digest, &result)
    return result.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// From FIPS 180-4's example pages.
  static let known: [(String, String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]

  @Test("the examples of the standard", arguments: known)
  func examples(_ text: String, _ expected: String) {
    #expect(sha256(Array(text.utf8)) == expected)
  }

  @Test("a million letters")
  func million() {
    #expect(
      sha256([UInt8](repeating: 0x61, count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("two digests at once, of any lengths and cut anywhere, are those of one at a time")
  func two() {
    for count in Array(0...130) + [255, 256, 257, 1023] {
      let text = PlanesTests.bytes(count, seed: UInt64(count))
      let other = PlanesTests.bytes(2 * count + 1, seed: 7)
      for cut in Set([0, count / 3, count]) {
        var (a, b) = (imgk_sha256(), imgk_sha256())
        imgk_sha256_begin(&a)
        imgk_sha256_begin(&b)
        let (head, tail) = (Array(text[..<cut]), Array(text[cut...]))
        imgk_sha256_update_two(&a, head, head.count, &b, other, other.count)
        imgk_sha256_update_two(&a, tail, tail.count, &b, head, head.count)
        #expect(end(&a) == sha256(text), "\(count) cut at \(cut)")
        #expect(end(&b) == sha256(other, head), "\(count) cut at \(cut)")
      }
    }
  }

  /// From xxHash's specification and its test program: seed 0.
  static let checksums: [(String, UInt64)] = [
    ("", 0xEF46_DB37_51D8_E999), ("a", 0xD24E_C4F1_A98C_6E5B), ("abc", 0x44BC_2CF5_AD77_0999),
    (
      "The quick brown fox jumps over the lazy dog", 0x0B24_2D36_1FDA_71BC
    ),
  ]

  @Test("XXH64 of known texts", arguments: checksums)
  func xxh64(_ text: String, _ expected: UInt64) {
    #expect(imgk_xxh64(text, text.utf8.count) == expected)
  }

  @Test("XXH64 of bytes that come in two parts, of any lengths, is that of all at once")
  func xxh64Parts() {
    for count in Array(0...70) + [255, 256, 1023] {
      let text = PlanesTests.bytes(count, seed: UInt64(count))
      let whole = imgk_xxh64(text, count)
      for cut in 0...count {
        var state = imgk_xxh64_state()
        imgk_xxh64_begin(&state)
        imgk_xxh64_update(&state, Array(text[..<cut]), cut)
        imgk_xxh64_update(&state, Array(text[cut...]), count - cut)
        #expect(imgk_xxh64_end(&state) == whole, "\(count) cut at \(cut)")
      }
    }
  }
}
