import CImgKernels
import Crypto
import FileIO
import ImgcFormat

/// The reader of native files.
enum ContainerTargets {
  /// The input is a whole file.
  static func file(_ input: FuzzInput) throws {
    let file = try ImgcFile(path: FuzzFolder.write("in.imgc", input))
    try file.verifyAll()
    for component in file.model.components { try FormatTargets.readAll(component.weights) }
  }

  /// The input's first two bytes are a tensor's size, the rest its frame in an otherwise sound
  /// file.
  static func frame(_ input: FuzzInput) throws {
    guard input.count >= 2 else { return }
    let size = Int(input[0]) | Int(input[1]) << 8
    let frame = Array(input[2...])
    let blob = String(repeating: "0", count: 64)
    let component = { (reference: String) in
      #"[{"name":"m","tensors":[{"name":"t","dtype":"uint8","shape":[\#(size)],"blob":\#(reference)}]}]"#
    }
    let content = #"{"components":\#(component("\"\(blob)\"")),"files":[]}"#
    let chunk =
      size == 0
      ? "" : #"{"offset":16,"planes":[\#(frame.count)],"xxh64":"\#(Repairs.checksum(frame))"}"#
    let manifest =
      #"{"format":"imgc","version":2,"contentDigest":"\#(Repairs.digest(Array(content.utf8)))","#
      + #""components":\#(component("0")),"blobs":[{"size":\#(size),"sha256":"\#(blob)","#
      + #""width":1,"rotate":0,"chunks":[\#(chunk)]}]}"#
    try file(Repairs.container(chunks: size == 0 ? [] : frame, manifest: Array(manifest.utf8)))
  }
}

/// What depends on other bytes, put right after a mutation.
enum Repairs {
  static func digest(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  static func checksum(_ bytes: [UInt8]) -> String {
    let digits = String(imgk_xxh64(bytes, bytes.count), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// Mutates a safetensors file's header or data and sets the header's length.
  static func safetensors(_ bytes: inout FuzzInput, _ capacity: Int, _ seed: UInt32) {
    guard bytes.count > 8 else { return bytes.mutate(limit: capacity) }
    let stated = bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let length = Int(min(stated, UInt64(bytes.count - 8)))
    var header = Array(bytes[8..<(8 + length)])
    var data = Array(bytes[(8 + length)...])
    if seed % 3 == 0 {
      data.mutate(limit: max(1, capacity - 8 - header.count))
    } else {
      header.mutate(limit: max(1, capacity - 8 - data.count))
    }
    bytes = little(UInt64(header.count)) + header + data
  }

  /// Mutates a native file's manifest or chunks and writes header, footer and digests anew.
  static func container(_ bytes: inout FuzzInput, _ capacity: Int, _ seed: UInt32) {
    guard bytes.count >= 96 else { return bytes.mutate(limit: capacity) }
    let footer = bytes[(bytes.count - 80)...]
    let stated = footer.dropFirst(8).prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let end = bytes.count - 80
    let offset = Int(min(max(16, stated), UInt64(end)))
    var chunks = Array(bytes[16..<offset])
    var manifest = plain(Array(bytes[offset..<end]))
    if seed % 3 == 0, !chunks.isEmpty {
      chunks.mutate(limit: max(1, capacity - 200 - manifest.count))
    } else {
      manifest.mutate(limit: max(1, capacity - 200 - chunks.count))
    }
    bytes = container(chunks: chunks, manifest: manifest)
  }

  /// A file of those parts; the manifest in a frame of raw blocks.
  static func container(chunks: [UInt8], manifest: [UInt8]) -> [UInt8] {
    var frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xA4] + little(UInt32(manifest.count))
    var rest = manifest[...]
    repeat {
      let block = rest.prefix(128 << 10)
      rest = rest.dropFirst(block.count)
      frame += little(UInt32(block.count << 3 | (rest.isEmpty ? 1 : 0))).prefix(3) + block
    } while !rest.isEmpty
    frame += little(UInt32(truncatingIfNeeded: imgk_xxh64(manifest, manifest.count)))
    let head =
      little(UInt32(0x184D_2A5C)) + little(UInt32(8)) + Array("IMGC".utf8) + [2, 0, 0, 0] + chunks
    let size = head.count + frame.count + 80
    return head + frame + little(UInt32(0x184D_2A5D)) + little(UInt32(72))
      + little(UInt64(head.count)) + little(UInt64(frame.count)) + little(UInt64(manifest.count))
      + Array(SHA256.hash(data: frame)) + little(UInt64(size)) + [2, 0, 0, 0] + Array("CGMI".utf8)
  }

  /// The content of a frame of raw blocks; seeds are written so.
  private static func plain(_ frame: [UInt8]) -> [UInt8] {
    guard frame.count > 13, frame[4] == 0xA4 else { return frame }
    var plain: [UInt8] = []
    var position = 9
    while position + 3 <= frame.count {
      let header =
        Int(frame[position]) | Int(frame[position + 1]) << 8 | Int(frame[position + 2]) << 16
      let end = min(frame.count, position + 3 + header >> 3)
      plain += frame[(position + 3)..<end]
      position = end
      if header & 1 == 1 { break }
    }
    return plain
  }
}
