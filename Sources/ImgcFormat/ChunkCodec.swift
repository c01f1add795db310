import CImgKernels
import Foundation

/// Turns the plain bytes of a chunk into frames, one for each plane, and back.
enum ChunkCodec {
  /// The plain bytes of every chunk but a blob's last: 4 MiB.
  static let chunkSize = 4 << 20

  /// The frames of `plain`, whose size is a multiple of the layout's width.
  static func encode(
    _ plain: UnsafeRawBufferPointer, _ layout: PlaneLayout, with compressor: ZstdCompressor
  ) throws(ImgcError) -> [[UInt8]] {
    let count = plain.count / layout.width
    let planes = UnsafeMutableRawBufferPointer.allocate(byteCount: plain.count, alignment: 64)
    defer { planes.deallocate() }
    imgk_planes_split(
      plain.baseAddress?.assumingMemoryBound(to: UInt8.self), count, Int32(layout.width),
      Int32(layout.rotate), planes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    var frames: [[UInt8]] = []
    for plane in 0..<layout.width {
      let bytes = UnsafeRawBufferPointer(
        rebasing: planes[(plane * count)..<((plane + 1) * count)])
      frames.append(try compressor.compress(bytes, effort(for: bytes)))
    }
    return frames
  }

  /// Decodes `stored`, the frames of a chunk one after another, into `plain`.
  static func decode(
    _ stored: UnsafeRawBufferPointer, _ chunk: Manifest.Chunk, _ layout: PlaneLayout,
    into plain: UnsafeMutableRawBufferPointer, file: String, place: String
  ) throws(ImgcError) {
    let count = plain.count / layout.width
    let planes = UnsafeMutableRawBufferPointer.allocate(byteCount: plain.count, alignment: 64)
    defer { planes.deallocate() }
    var position = 0
    for (plane, size) in chunk.planes.enumerated() {
      let frame = UnsafeRawBufferPointer(rebasing: stored[position..<(position + size)])
      let target = UnsafeMutableRawBufferPointer(
        rebasing: planes[(plane * count)..<((plane + 1) * count)])
      try ZstdFrame(file: file, offset: chunk.offset + UInt64(position), place: place)
        .decode(frame, into: target)
      position += size
    }
    imgk_planes_join(
      planes.baseAddress?.assumingMemoryBound(to: UInt8.self), count, Int32(layout.width),
      Int32(layout.rotate), plain.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }

  /// The order-0 entropy of `bytes`, in bits a byte.
  static func entropy(_ bytes: UnsafeRawBufferPointer) -> Double {
    guard !bytes.isEmpty else { return 0 }
    var counts = [UInt64](repeating: 0, count: 256)
    counts.withUnsafeMutableBufferPointer { counts in
      imgk_histogram(
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, counts.baseAddress)
    }
    let total = Double(bytes.count)
    return counts.reduce(0.0) { sum, count in
      count == 0 ? sum : sum - Double(count) / total * log2(Double(count) / total)
    }
  }

  /// Small planes are searched hard; planes of full entropy are stored; planes that are nearly
  /// constant may hold repeats.
  private static func effort(for plane: UnsafeRawBufferPointer) -> ZstdCompressor.Effort {
    if plane.count < 1024 { return .matches(19) }
    let bits = entropy(plane)
    if bits > 7.995 { return .store }
    return bits < 0.05 ? .matches(3) : .entropy
  }
}
