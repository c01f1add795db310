import CImgKernels
import Crypto
import FileIO
import Foundation
import Tensors

/// Appends blobs to a file, each content once.
struct BlobWriter {
  /// The blobs written so far.
  private(set) var blobs: [Manifest.Blob] = []

  private let file: OutputFile
  private let totalSize: Int
  private let progress: (Double) -> Void
  private var doneSize = 0
  private var known: [Key: Int] = [:]
  private let compressors: [ZstdCompressor]

  /// Equal bytes under the same layout are one blob.
  private struct Key: Hashable {
    let sha256: String
    let size: Int
    let layout: PlaneLayout
  }

  init(file: OutputFile, totalSize: Int, progress: @escaping (Double) -> Void) throws(ImgcError) {
    self.file = file
    self.totalSize = totalSize
    self.progress = progress
    var compressors: [ZstdCompressor] = []
    for _ in 0..<max(2, 2 * imgk_thread_count()) { compressors.append(try ZstdCompressor()) }
    self.compressors = compressors
  }

  /// Adds tensor number `index` of `source` and gives back its blob's number.
  mutating func add(_ source: any TensorSource, _ index: Int) throws -> Int {
    let info = source.tensors[index]
    let layout = info.byteCount == 0 ? .bytes : PlaneLayout(info.dtype)
    return try add(size: info.byteCount, layout) { offset, buffer in
      try source.read(index, at: offset, into: buffer)
    }
  }

  /// Adds `content` as bytes.
  mutating func add(_ content: [UInt8]) throws -> Int {
    try add(size: content.count, .bytes) { offset, buffer in
      buffer.copyBytes(from: content[offset..<(offset + buffer.count)])
    }
  }

  private mutating func add(
    size: Int, _ layout: PlaneLayout,
    _ read: (Int, UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> Int {
    // Whether the content is there already is known before anything is written: a small tensor is
    // hashed in memory, a larger one is read once more where another has its size.
    if size > ChunkCodec.chunkSize, let index = try duplicate(size, layout, read) {
      return finish(size, index)
    }
    var hash = SHA256()
    var chunks: [Manifest.Chunk] = []
    let batchSize = ChunkCodec.chunkSize * compressors.count
    for begin in stride(from: 0, to: size, by: batchSize) {
      let count = min(size - begin, batchSize)
      let plain = try TensorBuffer(byteCount: count)
      let bytes = UnsafeMutableRawBufferPointer(start: plain.base, count: count)
      try read(begin, bytes)
      hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
      if size <= ChunkCodec.chunkSize, let index = known[key(size, layout, hash)] {
        return finish(size, index)
      }
      for frames in try encode(UnsafeRawBufferPointer(bytes), layout) {
        chunks.append(chunk(frames))
        for frame in frames { try file.write(frame) }
      }
      progress(Double(doneSize + begin + count) / Double(max(totalSize, 1)))
    }
    return record(size, layout, hash, chunks)
  }

  private func key(_ size: Int, _ layout: PlaneLayout, _ hash: SHA256) -> Key {
    Key(sha256: hexadecimal(hash.finalize()), size: size, layout: layout)
  }

  /// The number of a blob of the same content, found by reading through the source once.
  private func duplicate(
    _ size: Int, _ layout: PlaneLayout,
    _ read: (Int, UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> Int? {
    guard known.keys.contains(where: { $0.size == size && $0.layout == layout }) else { return nil }
    var hash = SHA256()
    let block = try TensorBuffer(byteCount: min(size, ChunkCodec.chunkSize))
    for offset in stride(from: 0, to: size, by: ChunkCodec.chunkSize) {
      let part = UnsafeMutableRawBufferPointer(
        start: block.base, count: min(ChunkCodec.chunkSize, size - offset))
      try read(offset, part)
      hash.update(bufferPointer: UnsafeRawBufferPointer(part))
    }
    return known[key(size, layout, hash)]
  }

  private mutating func finish(_ size: Int, _ index: Int) -> Int {
    doneSize += size
    progress(Double(doneSize) / Double(max(totalSize, 1)))
    return index
  }

  private mutating func record(
    _ size: Int, _ layout: PlaneLayout, _ hash: SHA256, _ chunks: [Manifest.Chunk]
  ) -> Int {
    let key = key(size, layout, hash)
    if let index = known[key] { return finish(size, index) }
    let index = blobs.count
    known[key] = index
    blobs.append(
      Manifest.Blob(size: size, sha256: key.sha256, layout: layout, chunks: chunks))
    return finish(size, index)
  }

  /// The chunk of `frames`, which are about to be written.
  private func chunk(_ frames: [[UInt8]]) -> Manifest.Chunk {
    var hash = SHA256()
    for frame in frames { hash.update(data: frame) }
    return Manifest.Chunk(
      offset: file.byteCount, planes: frames.map(\.count), sha256: hexadecimal(hash.finalize()))
  }

  /// The frames of each chunk of `plain`, coded in parallel.
  private func encode(
    _ plain: UnsafeRawBufferPointer, _ layout: PlaneLayout
  ) throws -> [[[UInt8]]] {
    let count = (plain.count + ChunkCodec.chunkSize - 1) / ChunkCodec.chunkSize
    var results = [Result<[[UInt8]], ImgcError>](repeating: .success([]), count: count)
    results.withUnsafeMutableBufferPointer { results in
      ParallelLoop.run(count: count) { index in
        let start = index * ChunkCodec.chunkSize
        let part = UnsafeRawBufferPointer(
          rebasing: plain[start..<min(plain.count, start + ChunkCodec.chunkSize)])
        do throws(ImgcError) {
          results[index] = .success(
            try ChunkCodec.encode(part, layout, with: compressors[index]))
        } catch {
          results[index] = .failure(error)
        }
      }
    }
    return try results.map { try $0.get() }
  }
}
