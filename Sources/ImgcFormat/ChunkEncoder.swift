import CImgKernels
import Tensors

/// What one thread needs to code chunks: buffers that are used again and again, and a compressor.
final class ChunkEncoder {
  /// The plain bytes of a chunk, to be filled before `encode`.
  var plain: UnsafeMutableRawBufferPointer { plainBuffer.bytes }
  /// Room that no chunk uses before `encode`.
  var scratch: UnsafeMutableRawBufferPointer { room.planes.bytes }
  /// The chunk coded last.
  private(set) var chunk = EncodedChunk()

  private let plainBuffer: TensorBuffer
  private let room: CodingRoom
  /// Room for a base's plain bytes, and for what is tried with them.
  private var difference: (base: TensorBuffer, room: CodingRoom)?
  private let compressor: ZstdCompressor

  init() throws {
    plainBuffer = try TensorBuffer(byteCount: ChunkCodec.chunkSize)
    room = try CodingRoom()
    compressor = try ZstdCompressor()
  }

  /// Codes the first `count` bytes of `plain`.
  ///
  /// - Parameter readBase: fills a buffer with the bytes of another tensor at the same place; where
  ///   the difference to them is smaller, it is stored.
  func encode(
    _ count: Int, _ layout: PlaneLayout,
    base readBase: ((UnsafeMutableRawBufferPointer) throws -> Void)? = nil
  ) throws {
    chunk = try encode(UnsafeRawBufferPointer(rebasing: plain[..<count]), layout, room)
    if let readBase {
      let other = try encodeDifference(count, layout, readBase)
      if other.frames.count < chunk.frames.count { chunk = other }
    }
    chunk.xxh64 = chunk.frames.xxh64
  }

  /// Codes the difference to another tensor's bytes.
  private func encodeDifference(
    _ count: Int, _ layout: PlaneLayout, _ readBase: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> EncodedChunk {
    let (base, room) = try difference ?? (TensorBuffer(byteCount: plain.count), CodingRoom())
    difference = (base, room)
    let part = UnsafeMutableRawBufferPointer(rebasing: base.bytes[..<count])
    try readBase(part)
    imgk_difference(
      plain.baseAddress?.assumingMemoryBound(to: UInt8.self),
      part.baseAddress?.assumingMemoryBound(to: UInt8.self), count / layout.width,
      Int32(layout.width), Int32(layout.rotate),
      part.baseAddress?.assumingMemoryBound(to: UInt8.self))
    var coded = try encode(
      UnsafeRawBufferPointer(part), PlaneLayout(width: layout.width, rotate: 0), room)
    coded.isDifference = true
    return coded
  }

  /// Codes `part` in `room`.
  private func encode(
    _ part: UnsafeRawBufferPointer, _ layout: PlaneLayout, _ room: CodingRoom
  ) throws(ImgcError) -> EncodedChunk {
    let count = part.count / layout.width
    let planes = split(part, layout, to: room.planes.bytes)
    var target = room.frames.bytes
    var chunk = EncodedChunk()
    for plane in 0..<layout.width {
      let bytes = UnsafeRawBufferPointer(rebasing: planes[(plane * count)..<((plane + 1) * count)])
      let before = chunk.frames.count
      let used: Int
      if let effort = ChunkCodec.effort(for: bytes) {
        used = try compressor.compress(bytes, effort, to: target)
        chunk.frames.append(UnsafeRawBufferPointer(rebasing: target[..<used]))
      } else {
        used = RawFrame.append(bytes, to: &chunk.frames, room: target)
      }
      target = UnsafeMutableRawBufferPointer(rebasing: target[used...])
      chunk.planes.append(chunk.frames.count - before)
    }
    return chunk
  }

  /// The planes of `part` one after another, in `target`; bytes are their own plane.
  private func split(
    _ part: UnsafeRawBufferPointer, _ layout: PlaneLayout,
    to target: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    guard layout.width > 1 else { return part }
    imgk_planes_split(
      part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count / layout.width,
      Int32(layout.width), Int32(layout.rotate),
      target.baseAddress?.assumingMemoryBound(to: UInt8.self))
    return UnsafeRawBufferPointer(target)
  }
}

/// A chunk ready to be written.
struct EncodedChunk {
  /// The sizes of the planes' frames.
  var planes: [Int] = []
  /// The frames one after another; valid until the encoder's next chunk.
  var frames = ByteRuns()
  /// The XXH64 of `frames`.
  var xxh64: UInt64 = 0
  /// Whether the frames hold the difference to another tensor's chunk.
  var isDifference = false
}

/// Room for what a chunk becomes.
private struct CodingRoom {
  /// Its planes.
  let planes: TensorBuffer
  /// Their frames: eight planes, each with its frame's bound.
  let frames: TensorBuffer

  init() throws(TensorError) {
    planes = try TensorBuffer(byteCount: ChunkCodec.chunkSize)
    frames = try TensorBuffer(byteCount: 8 * ZstdCompressor.bound(ChunkCodec.chunkSize / 8))
  }
}

extension TensorBuffer {
  fileprivate var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }
}
