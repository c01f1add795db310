import CImgKernels
import FileIO
import Synchronization
import Tensors

/// Reads chunks of a file, each checked before it is decoded (R8, R9), and keeps the last few.
final class ChunkReader: Sendable {
  let file: InputFile
  private let blobs: [Manifest.Blob]
  private let teacher: TeacherBlobs?
  private let cache = Mutex(Cache())
  private let decoders = ChunkDecoderPool()

  /// The chunks decoded last, by where they begin.
  private struct Cache {
    var chunks: [(offset: UInt64, plain: TensorBuffer)] = []
    static let capacity = 3
  }

  init(file: InputFile, blobs: [Manifest.Blob], teacher: TeacherBlobs? = nil) {
    self.file = file
    self.blobs = blobs
    self.teacher = teacher
  }

  /// Checks that the file, and the teacher's, are as they were when they were opened.
  func checkUnchanged() throws(FileIOError) {
    try file.checkUnchanged()
    try teacher?.file.checkUnchanged()
  }

  /// Copies `[offset, offset + target.count)` of a blob's plain bytes into `target`.
  ///
  /// A range of several chunks is decoded in parallel.
  func read(
    _ blob: Manifest.Blob, at offset: Int, into target: UnsafeMutableRawBufferPointer,
    place: String
  ) throws(ImgcError) {
    guard offset >= 0, offset <= blob.size, target.count <= blob.size - offset else {
      throw .manifest(
        file: file.path, field: place, expected: "a range within \(blob.size) bytes",
        found: "\(offset) and \(target.count) bytes")
    }
    guard !target.isEmpty else { return }
    let size = ChunkCodec.chunkSize
    let first = offset / size
    let count = (offset + target.count - 1) / size - first + 1
    if count == 1 {
      try copy(blob, first, offset, target, place)
      return
    }
    var failures = [ImgcError?](repeating: nil, count: count)
    failures.withUnsafeMutableBufferPointer { failures in
      ParallelLoop.run(count: count) { index in
        let begin = max(offset, (first + index) * size)
        let end = min(offset + target.count, (first + index + 1) * size)
        let part = UnsafeMutableRawBufferPointer(
          rebasing: target[(begin - offset)..<(end - offset)])
        do throws(ImgcError) {
          try copy(blob, first + index, begin, part, place)
        } catch {
          failures[index] = error
        }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  /// Copies a range that lies in one chunk.
  private func copy(
    _ blob: Manifest.Blob, _ number: Int, _ offset: Int,
    _ target: UnsafeMutableRawBufferPointer, _ place: String
  ) throws(ImgcError) {
    let start = number * ChunkCodec.chunkSize
    let plainSize = min(ChunkCodec.chunkSize, blob.size - start)
    if target.count == plainSize {
      try decode(blob, number, into: target, place)
      return
    }
    let plain = try held(blob, number, plainSize, place)
    target.copyMemory(
      from: UnsafeRawBufferPointer(start: plain.base + (offset - start), count: target.count))
  }

  private func held(
    _ blob: Manifest.Blob, _ number: Int, _ plainSize: Int, _ place: String
  ) throws(ImgcError) -> TensorBuffer {
    let offset = blob.chunks[number].offset
    if let hit = cache.withLock({ $0.chunks.first { $0.offset == offset }?.plain }) { return hit }
    let plain: TensorBuffer
    do {
      plain = try TensorBuffer(byteCount: plainSize)
    } catch {
      throw .limit(file: file.path, field: place, expected: "memory for a chunk", found: "\(error)")
    }
    try decode(
      blob, number, into: UnsafeMutableRawBufferPointer(start: plain.base, count: plainSize), place)
    cache.withLock { cache in
      cache.chunks.append((offset, plain))
      if cache.chunks.count > Cache.capacity { cache.chunks.removeFirst() }
    }
    return plain
  }

  private func decode(
    _ blob: Manifest.Blob, _ number: Int, into plain: UnsafeMutableRawBufferPointer,
    _ place: String
  ) throws(ImgcError) {
    let request = request(blob, number, plain, place)
    try decoders.withDecoder { decoder throws(ImgcError) in
      guard request.chunk.isDifference else {
        try decoder.decode(request, of: file, blob.layout)
        return
      }
      let other = try decoder.base(byteCount: plain.count)
      try decodeBase(of: blob, number, decoder, into: other, place: "\(request.place), its base")
      try decoder.decode(request, of: file, PlaneLayout(width: blob.layout.width, rotate: 0))
      imgk_difference_undo(
        plain.baseAddress?.assumingMemoryBound(to: UInt8.self),
        other.baseAddress?.assumingMemoryBound(to: UInt8.self), plain.count / blob.layout.width,
        Int32(blob.layout.width), Int32(blob.layout.rotate))
    }
  }

  private func request(
    _ blob: Manifest.Blob, _ number: Int, _ plain: UnsafeMutableRawBufferPointer, _ place: String
  ) -> ChunkDecoder.Request {
    ChunkDecoder.Request(
      chunk: blob.chunks[number], plain: plain, place: "\(place), chunk \(number)")
  }

  /// Decodes the chunk to which one is a difference: of this file, or of the teacher's.
  private func decodeBase(
    of blob: Manifest.Blob, _ number: Int, _ decoder: ChunkDecoder,
    into plain: UnsafeMutableRawBufferPointer, place: String
  ) throws(ImgcError) {
    let (base, source): (Manifest.Blob, InputFile)
    if let number = blob.base {
      (base, source) = (blobs[number], file)
    } else if let digest = blob.teacherBlob, let teacher, let found = teacher.blobs[digest] {
      (base, source) = (found, teacher.file)
    } else {
      throw .manifest(file: file.path, field: place, expected: "a base", found: "none")
    }
    try decoder.decode(
      ChunkDecoder.Request(chunk: base.chunks[number], plain: plain, place: place), of: source,
      blob.layout)
  }
}
