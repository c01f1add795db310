import CImgKernels
import Crypto
import Foundation

/// A native file put together by hand from `formats/imgc.md`, every part of it open to change.
///
/// It holds component `m` with tensors `t0`, `t1` … of bytes, each a blob of chunks of one plane.
struct CraftedArtifact {
  /// The chunks' bytes.
  var plain: [[UInt8]]
  /// Each tensor's chunks; one each unless set.
  var tensors: [Range<Int>]
  /// The frame in which each chunk is stored.
  var frames: [[UInt8]]
  /// What each frame is said to take.
  var frameSizes: [Int]
  /// Where each chunk is said to begin.
  var offsets: [Int]
  /// Changes the manifest's text after everything in it was computed.
  var editManifest: (String) -> String = { $0 }
  /// What the footer says that the manifest's text takes; nil for the truth.
  var manifestPlainSize: UInt64?

  /// A sound file.
  init(_ plain: [[UInt8]]) {
    self.init(plain, frames: plain.map { ZstdBytes.frame($0) })
  }

  /// A file whose chunks are `frames`, one after another.
  init(_ plain: [[UInt8]], frames: [[UInt8]]) {
    self.plain = plain
    tensors = plain.indices.map { $0..<($0 + 1) }
    self.frames = frames
    frameSizes = frames.map(\.count)
    offsets = frames.indices.map { index in
      16 + frames[..<index].reduce(0) { $0 + $1.count }
    }
  }

  /// The file.
  var bytes: [UInt8] {
    let text = Array(editManifest(manifest).utf8)
    let frame = ZstdBytes.frame(text)
    let chunks = frames.flatMap { $0 }
    let size = 16 + chunks.count + frame.count + 80
    return little(UInt32(0x184D_2A5C)) + little(UInt32(8)) + Array("IMGC".utf8)
      + little(UInt16(2)) + little(UInt16(0)) + chunks + frame
      + little(UInt32(0x184D_2A5D)) + little(UInt32(72)) + little(UInt64(16 + chunks.count))
      + little(UInt64(frame.count)) + little(manifestPlainSize ?? UInt64(text.count))
      + Array(SHA256.hash(data: frame)) + little(UInt64(size)) + little(UInt16(2))
      + little(UInt16(0)) + Array("CGMI".utf8)
  }

  private var manifest: String {
    let contents = tensors.map { plain[$0].flatMap { $0 } }
    func component(_ reference: (Int) -> String) -> String {
      let tensors = contents.indices.map {
        #"{"name":"t\#($0)","dtype":"uint8","shape":[\#(contents[$0].count)],"#
          + #""blob":\#(reference($0))}"#
      }
      return #"[{"name":"m","tensors":[\#(tensors.joined(separator: ","))]}]"#
    }
    let content =
      #"{"components":\#(component { "\"\(Self.digest(contents[$0]))\"" }),"files":[]}"#
    let blobs = tensors.indices.map { index in
      let chunks = tensors[index].map { chunk in
        #"{"offset":\#(offsets[chunk]),"planes":[\#(frameSizes[chunk])],"#
          + #""xxh64":"\#(Self.checksum(frames[chunk]))"}"#
      }
      return #"{"size":\#(contents[index].count),"sha256":"\#(Self.digest(contents[index]))","#
        + #""width":1,"rotate":0,"chunks":[\#(chunks.joined(separator: ","))]}"#
    }
    return
      #"{"format":"imgc","version":2,"contentDigest":"\#(Self.digest(Array(content.utf8)))","#
      + #""components":\#(component { "\($0)" }),"blobs":[\#(blobs.joined(separator: ","))]}"#
  }

  static func checksum(_ bytes: [UInt8]) -> String {
    String(format: "%016lx", imgk_xxh64(bytes, bytes.count))
  }

  static func digest(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
  }
}

/// The bytes of a number, least significant first.
func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

/// zstd frames written by hand (RFC 8878).
enum ZstdBytes {
  /// A frame of raw blocks with the four-byte content size, checksum and single segment.
  static func frame(
    _ plain: [UInt8], descriptor: UInt8 = 0xA4, contentSize: [UInt8]? = nil,
    checksum: [UInt8]? = nil
  ) -> [UInt8] {
    var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, descriptor]
    bytes += contentSize ?? little(UInt32(plain.count))
    var rest = plain[...]
    repeat {
      let block = rest.prefix(128 << 10)
      rest = rest.dropFirst(block.count)
      bytes += little(UInt32(block.count << 3 | (rest.isEmpty ? 1 : 0))).prefix(3) + block
    } while !rest.isEmpty
    return bytes + (checksum ?? self.checksum(plain))
  }

  /// The low half of the content's XXH64.
  static func checksum(_ plain: [UInt8]) -> [UInt8] {
    little(UInt32(truncatingIfNeeded: imgk_xxh64(plain, plain.count)))
  }

  /// A frame of `count` zeros in blocks that repeat one byte: 1 GiB in 33 KB.
  static func bomb(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA4] + little(UInt32(count))
    for begin in stride(from: 0, to: count, by: 128 << 10) {
      let size = min(128 << 10, count - begin)
      bytes += little(UInt32(size << 3 | 2 | (begin + size == count ? 1 : 0))).prefix(3) + [0]
    }
    return bytes + [0, 0, 0, 0]
  }
}
