import CImgKernels
import FileIO
import Foundation
import Tensors

/// Appends blobs to a file, each content once: reading, coding, hashing and writing overlap.
///
/// Parts are read and coded side by side; between the two they are hashed in their order by
/// `BlobRegister`, which knows what is in the file already.
final class BlobWriter {
  // What `take` changes, one call at a time.
  private var nextItem = 0
  private var nextOffset = 0
  // What `write` changes, one call at a time.
  private var chunks: [[Manifest.Chunk]] = []

  private let items: [BlobItem]
  private let file: OutputFile
  private let register: BlobRegister
  private let progress: (Double) -> Void
  private let totalSize: Int

  init(
    _ items: [BlobItem], to file: OutputFile, sources: SourceDigests?,
    progress: @escaping (Double) -> Void
  ) {
    self.items = items
    self.file = file
    self.progress = progress
    register = BlobRegister(items, sources: sources)
    totalSize = items.reduce(0) { $0 + $1.size }
  }

  /// Writes all items.
  ///
  /// - Returns: the blobs, and for every item its blob's number.
  func run() throws -> (blobs: [Manifest.Blob], numbers: [Int]) {
    let workers = try (0..<workerCount).map { _ in try ChunkEncoder() }
    try OrderedPipeline.run(
      workers, take: take, load: load,
      arrange: { encoder, part in
        try self.register.arrange(part, encoder.plain, scratch: encoder.scratch)
      }, work: code, finish: write)
    return (register.blobs(chunks), register.numbers)
  }

  /// Three more than the threads, so that no core idles while workers wait for their turn.
  private var workerCount: Int {
    let threads = min(Self.maximumThreads, imgk_thread_count())
    return threads == 1 || totalSize <= ChunkCodec.chunkSize ? 1 : threads + 3
  }

  private static let maximumThreads = 8
}

extension BlobWriter {
  /// The next part of an item that is not known to be in the file. What is computed and not at rest
  /// in a file is computed here, in order.
  private func take(_ encoder: ChunkEncoder) throws -> BlobPart? {
    if nextOffset > 0, register.isKnown(item: nextItem) { advance() }
    guard nextItem < items.count else { return nil }
    let item = items[nextItem]
    let part = BlobPart(
      item: nextItem, offset: nextOffset,
      byteCount: min(encoder.plain.count, item.size - nextOffset))
    nextOffset += part.byteCount
    if nextOffset == item.size { advance() }
    if !item.isStored { try read(part, encoder) }
    return part
  }

  private func advance() {
    nextItem += 1
    nextOffset = 0
  }

  private func load(_ encoder: ChunkEncoder, _ part: BlobPart) throws {
    if items[part.item].isStored { try read(part, encoder) }
  }

  private func read(_ part: BlobPart, _ encoder: ChunkEncoder) throws {
    try items[part.item].read(
      part.offset, UnsafeMutableRawBufferPointer(rebasing: encoder.plain[..<part.byteCount]))
  }

  private func code(_ encoder: ChunkEncoder, _ part: BlobPart) throws {
    guard part.blob != nil else { return }
    try encoder.encode(part.byteCount, items[part.item].layout, base: part.readBase)
  }

  /// Writes the chunk that the worker coded.
  private func write(_ encoder: ChunkEncoder, _ part: BlobPart) throws {
    defer { progress(part.share) }
    guard let blob = part.blob else { return }
    chunks += Array(repeating: [], count: max(0, blob + 1 - chunks.count))
    let chunk = encoder.chunk
    chunks[blob].append(
      Manifest.Chunk(
        offset: file.byteCount, planes: chunk.planes, xxh64: chunk.xxh64,
        isDifference: chunk.isDifference))
    for run in chunk.frames.runs { try file.write(run) }
  }
}
