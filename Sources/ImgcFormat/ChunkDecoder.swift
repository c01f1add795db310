import CImgKernels
import FileIO
import Synchronization
import Tensors

/// What one thread needs to decode chunks: buffers that are used again and again, and a context.
final class ChunkDecoder {
  private let frames: TensorBuffer
  private let planes: TensorBuffer
  private let decompressor: ZstdDecompressor
  // Made when first needed.
  private var otherFrames: TensorBuffer?
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
    UnsafeMutableRawBufferPointer(
      start: try room(&base, ChunkCodec.chunkSize).base, count: byteCount)
  }

  /// The buffer in `slot`, made now where there is none.
  private func room(
    _ slot: inout TensorBuffer?, _ byteCount: Int
  ) throws(ImgcError) -> TensorBuffer {
    if let buffer = slot { return buffer }
    let buffer = try Self.makeBuffer(byteCount)
    slot = buffer
    return buffer
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

  /// Reads a chunk of `file`, checks its digest (R8) and its frames (R9), and decodes it.
  func decode(
    _ request: Request, of file: InputFile, _ layout: PlaneLayout
  ) throws(ImgcError) {
    let stored = try read(request, of: file, into: frames)
    try check(StreamDigest.hexadecimal(of: stored), request, file)
    try decode(stored, request, file.path, layout)
  }

  /// Decodes two chunks as `decode` does one; their digests take the time of one.
  func decode(
    _ first: Request, _ second: Request, of file: InputFile, _ layout: PlaneLayout
  ) throws(ImgcError) {
    let stored = try read(first, of: file, into: frames)
    let secondStored = try read(second, of: file, into: try room(&otherFrames, frames.byteCount))
    let digests = StreamDigest.hexadecimal(of: stored, secondStored)
    try check(digests.first, first, file)
    try check(digests.second, second, file)
    try decode(stored, first, file.path, layout)
    try decode(secondStored, second, file.path, layout)
  }

  private func read(
    _ request: Request, of file: InputFile, into buffer: TensorBuffer
  ) throws(ImgcError) -> UnsafeRawBufferPointer {
    let size = request.chunk.storedSize
    guard size <= Self.maximumStoredSize else {
      throw .limit(
        file: file.path, field: request.place, expected: "at most \(Self.maximumStoredSize) bytes",
        found: "\(size)")
    }
    let stored = UnsafeMutableRawBufferPointer(start: buffer.base, count: size)
    do {
      try file.read(into: stored, at: request.chunk.offset)
    } catch {
      throw .file(error)
    }
    return UnsafeRawBufferPointer(stored)
  }

  private func check(
    _ digest: String, _ request: Request, _ file: InputFile
  ) throws(ImgcError) {
    guard digest == request.chunk.sha256 else {
      throw .digest(
        file: file.path, offset: request.chunk.offset, place: request.place,
        expected: request.chunk.sha256, found: digest)
    }
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
