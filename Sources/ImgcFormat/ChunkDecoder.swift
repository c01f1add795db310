import CImgKernels
import FileIO
import Synchronization
import Tensors

/// What one thread needs to decode chunks: buffers that are used again and again, and a context.
final class ChunkDecoder {
  private let frames: TensorBuffer
  private let planes: TensorBuffer
  private let decompressor: ZstdDecompressor
  private var other: TensorBuffer?

  /// The most bytes that the frames of a chunk may take: twice the plain ones and a margin, more
  /// than any writer needs.
  static let maximumStoredSize = 2 * ChunkCodec.chunkSize + (64 << 10)

  init() throws(ImgcError) {
    do {
      frames = try TensorBuffer(byteCount: Self.maximumStoredSize)
      planes = try TensorBuffer(byteCount: ChunkCodec.chunkSize)
    } catch {
      throw .limit(
        file: "chunk", field: "buffers", expected: "memory for a chunk", found: "\(error)")
    }
    decompressor = try ZstdDecompressor()
  }

  /// Room for the chunk to which one is a difference.
  func base(byteCount: Int) throws(ImgcError) -> UnsafeMutableRawBufferPointer {
    do {
      let buffer = try other ?? TensorBuffer(byteCount: ChunkCodec.chunkSize)
      other = buffer
      return UnsafeMutableRawBufferPointer(start: buffer.base, count: byteCount)
    } catch {
      throw .limit(
        file: "chunk", field: "buffers", expected: "memory for a chunk", found: "\(error)")
    }
  }

  /// Reads `chunk` of `file`, checks its digest (R8) and its frames (R9), and decodes it into
  /// `plain`.
  func decode(
    _ chunk: Manifest.Chunk, of file: InputFile, _ layout: PlaneLayout,
    into plain: UnsafeMutableRawBufferPointer, place: String
  ) throws(ImgcError) {
    let size = chunk.storedSize
    guard size <= Self.maximumStoredSize else {
      throw .limit(
        file: file.path, field: place, expected: "at most \(Self.maximumStoredSize) bytes",
        found: "\(size)")
    }
    let stored = UnsafeMutableRawBufferPointer(start: frames.base, count: size)
    do {
      try file.read(into: stored, at: chunk.offset)
    } catch {
      throw .file(error)
    }
    let digest = StreamDigest.hexadecimal(of: UnsafeRawBufferPointer(stored))
    guard digest == chunk.sha256 else {
      throw .digest(
        file: file.path, offset: chunk.offset, place: place, expected: chunk.sha256, found: digest)
    }
    try decode(UnsafeRawBufferPointer(stored), chunk, file.path, layout, into: plain, place: place)
  }

  private func decode(
    _ stored: UnsafeRawBufferPointer, _ chunk: Manifest.Chunk, _ file: String,
    _ layout: PlaneLayout, into plain: UnsafeMutableRawBufferPointer, place: String
  ) throws(ImgcError) {
    let count = plain.count / layout.width
    // Bytes that are not split need no second copy.
    let target = layout.width == 1 ? plain.baseAddress ?? planes.base : planes.base
    var position = 0
    for (plane, size) in chunk.planes.enumerated() {
      let frame = UnsafeRawBufferPointer(rebasing: stored[position..<(position + size)])
      try ZstdFrame(file: file, offset: chunk.offset + UInt64(position), place: place).decode(
        frame, into: UnsafeMutableRawBufferPointer(start: target + plane * count, count: count),
        with: decompressor)
      position += size
    }
    guard layout.width > 1 else { return }
    imgk_planes_join(
      target.assumingMemoryBound(to: UInt8.self), count, Int32(layout.width),
      Int32(layout.rotate), plain.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
}

/// Decoders that threads borrow.
final class ChunkDecoderPool: Sendable {
  private struct Stock: @unchecked Sendable {
    var free: [ChunkDecoder] = []
  }

  private let stock = Mutex(Stock())

  /// Runs `body` with a decoder that nobody else uses meanwhile.
  func withDecoder(_ body: (ChunkDecoder) throws(ImgcError) -> Void) throws(ImgcError) {
    let decoder = if let free = take() { free } else { try ChunkDecoder() }
    defer { stock.withLock { $0.free.append(decoder) } }
    try body(decoder)
  }
  private func take() -> ChunkDecoder? { stock.withLock { $0.free.popLast() } }
}
