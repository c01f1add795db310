import CImgKernels
import FileIO
import Synchronization
import Tensors

/// What one thread needs to decode chunks: buffers that are used again and again, and a context.
final class ChunkDecoder {
  private let frames: TensorBuffer
  private let planes: TensorBuffer
  private let decompressor: ZstdDecompressor
  /// Made when first needed.
  private var base: TensorBuffer?

  /// The most bytes that the frames of a chunk may take: twice the plain ones and a margin, more
  /// than any writer needs.
  static let maximumStoredSize = 2 * ChunkCodec.chunkSize + (64 << 10)

  init() throws(ImgcError) {
    frames = try Self.makeBuffer(Self.maximumStoredSize)
    planes = try Self.makeBuffer(ChunkCodec.chunkSize)
    decompressor = try ZstdDecompressor()
  }

  /// Room for the chunk to which one is a difference.
  func base(byteCount: Int) throws(ImgcError) -> UnsafeMutableRawBufferPointer {
    let buffer = if let base { base } else { try Self.makeBuffer(ChunkCodec.chunkSize) }
    base = buffer
    return UnsafeMutableRawBufferPointer(start: buffer.base, count: byteCount)
  }

  private static func makeBuffer(_ byteCount: Int) throws(ImgcError) -> TensorBuffer {
    do {
      return try TensorBuffer(byteCount: byteCount)
    } catch {
      throw .limit(
        file: "chunk", field: "buffers", expected: "memory for a chunk", found: "\(error)")
    }
  }

  /// A chunk, where its plain bytes go, and what messages call it.
  struct Request {
    let chunk: Manifest.Chunk
    let plain: UnsafeMutableRawBufferPointer
    let place: String
  }

  /// Reads a chunk of `file`, checks its checksum (R8) and its frames (R9), and decodes it.
  func decode(
    _ request: Request, of file: InputFile, _ layout: PlaneLayout
  ) throws(ImgcError) {
    let stored = try read(request, of: file)
    let found = imgk_xxh64(stored.baseAddress, stored.count)
    guard found == request.chunk.xxh64 else {
      throw .checksum(
        file: file.path, offset: request.chunk.offset, place: request.place,
        expected: request.chunk.xxh64, found: found)
    }
    try decode(stored, request, file.path, layout)
  }

  private func read(
    _ request: Request, of file: InputFile
  ) throws(ImgcError) -> UnsafeRawBufferPointer {
    let size = request.chunk.storedSize
    guard size <= Self.maximumStoredSize else {
      throw .limit(
        file: file.path, field: request.place, expected: "at most \(Self.maximumStoredSize) bytes",
        found: "\(size)")
    }
    let stored = UnsafeMutableRawBufferPointer(start: frames.base, count: size)
    do {
      try file.read(into: stored, at: request.chunk.offset)
    } catch {
      throw .file(error)
    }
    return UnsafeRawBufferPointer(stored)
  }

  private func decode(
    _ stored: UnsafeRawBufferPointer, _ request: Request, _ file: String, _ layout: PlaneLayout
  ) throws(ImgcError) {
    let (chunk, plain) = (request.chunk, request.plain)
    let count = plain.count / layout.width
    // Bytes that are not split need no second copy.
    let target = layout.width == 1 ? plain.baseAddress ?? planes.base : planes.base
    var position = 0
    for (plane, size) in chunk.planes.enumerated() {
      let frame = UnsafeRawBufferPointer(rebasing: stored[position..<(position + size)])
      try ZstdFrame(file: file, offset: chunk.offset + UInt64(position), place: request.place)
        .decode(
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
