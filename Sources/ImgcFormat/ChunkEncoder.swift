import CImgKernels
import Tensors

/// What one thread needs to code chunks: buffers that are used again and again, and a compressor.
///
/// A job is one or two chunks, because the digests of two take as long as that of one.
final class ChunkEncoder {
  /// The plain bytes of a job, to be filled before `encode`.
  let plain: UnsafeMutableRawBufferPointer
  /// The chunks coded last, in order.
  private(set) var chunks: [EncodedChunk] = []

  /// How many chunks a job has at most.
  static let chunkCount = 2

  /// Room for the plain bytes of a base's chunks, and for what is tried with them.
  private var difference: DifferenceBuffers?
  private let planes: UnsafeMutableRawBufferPointer
  /// Room that no job uses before `encode`.
  var scratch: UnsafeMutableRawBufferPointer { planes }
  private let frames: [UnsafeMutableRawBufferPointer]
  private let buffers: [TensorBuffer]
  private let compressor: ZstdCompressor

  init() throws {
    let size = ChunkCodec.chunkSize
    let sizes =
      [Self.chunkCount * size, size] + Array(repeating: Self.frameRoom, count: Self.chunkCount)
    buffers = try sizes.map { try TensorBuffer(byteCount: $0) }
    let views = zip(buffers, sizes).map {
      UnsafeMutableRawBufferPointer(start: $0.base, count: $1)
    }
    plain = views[0]
    planes = views[1]
    frames = Array(views[2...])
    compressor = try ZstdCompressor()
  }

  /// Eight planes, each with its frame's bound.
  static let frameRoom =
    8
    * max(
      ZstdCompressor.bound(ChunkCodec.chunkSize / 8), RawFrame.byteCount(ChunkCodec.chunkSize / 8))

  /// Codes the first `count` bytes of `plain`.
  ///
  /// - Parameter readBase: fills a buffer with the bytes of another tensor at the same place; where
  ///   the difference to them is smaller, it is stored.
  func encode(
    _ count: Int, _ layout: PlaneLayout,
    base readBase: ((UnsafeMutableRawBufferPointer) throws -> Void)? = nil
  ) throws {
    try encodePlain(count, layout)
    if let readBase { try encodeDifferences(count, layout, readBase) }
    digest()
  }

  /// Tries the difference to another tensor's bytes for each chunk.
  private func encodeDifferences(
    _ count: Int, _ layout: PlaneLayout, _ readBase: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let buffers = try difference ?? DifferenceBuffers()
    difference = buffers
    let base = UnsafeMutableRawBufferPointer(rebasing: buffers.base[..<count])
    try readBase(base)
    for (index, begin) in stride(from: 0, to: count, by: ChunkCodec.chunkSize).enumerated() {
      let range = begin..<min(count, begin + ChunkCodec.chunkSize)
      let part = UnsafeMutableRawBufferPointer(rebasing: base[range])
      imgk_difference(
        plain.baseAddress?.advanced(by: begin).assumingMemoryBound(to: UInt8.self),
        part.baseAddress?.assumingMemoryBound(to: UInt8.self), range.count / layout.width,
        Int32(layout.width), Int32(layout.rotate),
        part.baseAddress?.assumingMemoryBound(to: UInt8.self))
      let sizes = try encode(
        UnsafeRawBufferPointer(part), PlaneLayout(width: layout.width, rotate: 0),
        to: buffers.frames[index])
      let size = sizes.reduce(0, +)
      guard size < chunks[index].frames.count else { continue }
      chunks[index] = EncodedChunk(
        planes: sizes, frames: UnsafeRawBufferPointer(rebasing: buffers.frames[index][..<size]),
        sha256: "", isDifference: true)
    }
  }

  private func encodePlain(_ count: Int, _ layout: PlaneLayout) throws(ImgcError) {
    chunks = []
    for (index, begin) in stride(from: 0, to: count, by: ChunkCodec.chunkSize).enumerated() {
      let part = UnsafeRawBufferPointer(
        rebasing: plain[begin..<min(count, begin + ChunkCodec.chunkSize)])
      let sizes = try encode(part, layout, to: frames[index])
      let bytes = UnsafeRawBufferPointer(rebasing: frames[index][..<sizes.reduce(0, +)])
      chunks.append(EncodedChunk(planes: sizes, frames: bytes, sha256: ""))
    }
  }

  private func encode(
    _ part: UnsafeRawBufferPointer, _ layout: PlaneLayout,
    to target: UnsafeMutableRawBufferPointer
  ) throws(ImgcError) -> [Int] {
    let count = part.count / layout.width
    let planes = split(part, layout)
    var sizes: [Int] = []
    var position = 0
    for plane in 0..<layout.width {
      let bytes = UnsafeRawBufferPointer(
        rebasing: planes[(plane * count)..<((plane + 1) * count)])
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[position...])
      let size: Int
      if let effort = ChunkCodec.effort(for: bytes) {
        size = try compressor.compress(bytes, effort, to: rest)
      } else {
        size = RawFrame.write(bytes, to: rest)
      }
      sizes.append(size)
      position += size
    }
    return sizes
  }

  /// The planes of `part` one after another; bytes are their own plane.
  private func split(
    _ part: UnsafeRawBufferPointer, _ layout: PlaneLayout
  ) -> UnsafeRawBufferPointer {
    guard layout.width > 1 else { return part }
    imgk_planes_split(
      part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count / layout.width,
      Int32(layout.width), Int32(layout.rotate),
      planes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    return UnsafeRawBufferPointer(planes)
  }

  private func digest() {
    var digests = chunks.map { _ in StreamDigest() }
    if chunks.count == 2 {
      let bytes = chunks.map(\.frames)
      var (first, second) = (digests[0], digests[1])
      StreamDigest.update(&first, bytes[0], &second, bytes[1])
      digests = [first, second]
    } else if let only = chunks.first {
      digests[0].update(only.frames)
    }
    for index in chunks.indices { chunks[index].sha256 = digests[index].hexadecimal }
  }
}

/// A chunk ready to be written.
struct EncodedChunk {
  /// The sizes of the planes' frames.
  let planes: [Int]
  /// The frames one after another; valid until the encoder's next job.
  let frames: UnsafeRawBufferPointer
  /// The SHA-256 of `frames`, in lower-case hexadecimal.
  var sha256: String
  /// Whether the frames hold the difference to another tensor's chunk.
  var isDifference = false
}

/// What a thread needs to try differences.
private struct DifferenceBuffers {
  let base: UnsafeMutableRawBufferPointer
  let frames: [UnsafeMutableRawBufferPointer]
  private let buffers: [TensorBuffer]

  init() throws {
    let count = ChunkEncoder.chunkCount
    let sizes =
      [count * ChunkCodec.chunkSize] + Array(repeating: ChunkEncoder.frameRoom, count: count)
    buffers = try sizes.map { try TensorBuffer(byteCount: $0) }
    let views = zip(buffers, sizes).map {
      UnsafeMutableRawBufferPointer(start: $0.base, count: $1)
    }
    base = views[0]
    frames = Array(views[1...])
  }
}
