import CImgKernels
import Tensors

/// What one thread needs to code chunks: buffers that are used again and again, and a compressor.
///
/// A job is one or two chunks, because the digests of two take as long as that of one.
final class ChunkEncoder {
  /// The plain bytes of a job, to be filled before `encode`.
  var plain: UnsafeMutableRawBufferPointer { plainBuffer.bytes }
  /// Room that no job uses before `encode`.
  var scratch: UnsafeMutableRawBufferPointer { room.planes.bytes }
  /// The chunks coded last, in order.
  private(set) var chunks: [EncodedChunk] = []

  /// How many chunks a job has at most.
  static let chunkCount = 2

  private let plainBuffer: TensorBuffer
  private let room: CodingRoom
  /// Room for a base's plain bytes, and for what is tried with them.
  private var difference: (base: TensorBuffer, room: CodingRoom)?
  private let compressor: ZstdCompressor

  init() throws {
    plainBuffer = try TensorBuffer(byteCount: Self.chunkCount * ChunkCodec.chunkSize)
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
    chunks = []
    for range in ranges(count) {
      chunks.append(
        try encode(UnsafeRawBufferPointer(rebasing: plain[range]), layout, chunks.count, room))
    }
    if let readBase { try encodeDifferences(count, layout, readBase) }
    digest()
  }

  /// Tries the difference to another tensor's bytes for each chunk.
  private func encodeDifferences(
    _ count: Int, _ layout: PlaneLayout, _ readBase: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let (base, room) = try difference ?? (TensorBuffer(byteCount: plain.count), CodingRoom())
    difference = (base, room)
    try readBase(UnsafeMutableRawBufferPointer(rebasing: base.bytes[..<count]))
    for (index, range) in ranges(count).enumerated() {
      let part = UnsafeMutableRawBufferPointer(rebasing: base.bytes[range])
      imgk_difference(
        plain.baseAddress?.advanced(by: range.lowerBound).assumingMemoryBound(to: UInt8.self),
        part.baseAddress?.assumingMemoryBound(to: UInt8.self), range.count / layout.width,
        Int32(layout.width), Int32(layout.rotate),
        part.baseAddress?.assumingMemoryBound(to: UInt8.self))
      var chunk = try encode(
        UnsafeRawBufferPointer(part), PlaneLayout(width: layout.width, rotate: 0), index, room)
      chunk.isDifference = true
      if chunk.frames.count < chunks[index].frames.count { chunks[index] = chunk }
    }
  }

  /// The ranges of the chunks of the first `count` bytes.
  private func ranges(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: ChunkCodec.chunkSize).map {
      $0..<min(count, $0 + ChunkCodec.chunkSize)
    }
  }

  /// Codes `part` as chunk number `index` of `room`.
  private func encode(
    _ part: UnsafeRawBufferPointer, _ layout: PlaneLayout, _ index: Int, _ room: CodingRoom
  ) throws(ImgcError) -> EncodedChunk {
    let count = part.count / layout.width
    let planes = split(part, layout, to: room.planes(of: index))
    var target = room.frames(of: index)
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

  private func digest() {
    guard let first = chunks.first?.frames else { return }
    let second = chunks.count == 2 ? chunks[1].frames : ByteRuns()
    let digests = StreamDigest.hexadecimal(of: first, second)
    chunks[0].sha256 = digests.first
    if chunks.count == 2 { chunks[1].sha256 = digests.second }
  }
}

/// A chunk ready to be written.
struct EncodedChunk {
  /// The sizes of the planes' frames.
  var planes: [Int] = []
  /// The frames one after another; valid until the encoder's next job.
  var frames = ByteRuns()
  /// The SHA-256 of `frames`, in lower-case hexadecimal.
  var sha256 = ""
  /// Whether the frames hold the difference to another tensor's chunk.
  var isDifference = false
}

/// Room for what the chunks of a job become.
private struct CodingRoom {
  /// The chunks' planes.
  let planes: TensorBuffer
  private let frames: TensorBuffer

  /// Eight planes, each with its frame's bound.
  private static let frameRoom = 8 * ZstdCompressor.bound(ChunkCodec.chunkSize / 8)

  init() throws(TensorError) {
    planes = try TensorBuffer(byteCount: ChunkEncoder.chunkCount * ChunkCodec.chunkSize)
    frames = try TensorBuffer(byteCount: ChunkEncoder.chunkCount * Self.frameRoom)
  }

  /// Room for the planes of chunk number `index`.
  func planes(of index: Int) -> UnsafeMutableRawBufferPointer {
    part(index, ChunkCodec.chunkSize, of: planes)
  }

  /// Room for the frames of chunk number `index`.
  func frames(of index: Int) -> UnsafeMutableRawBufferPointer {
    part(index, Self.frameRoom, of: frames)
  }

  private func part(
    _ index: Int, _ size: Int, of buffer: TensorBuffer
  ) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[(index * size)..<((index + 1) * size)])
  }
}

extension TensorBuffer {
  fileprivate var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }
}
