import CImgKernels
import FileIO
import Foundation
import Tensors

/// Appends blobs to a file, each content once: reading, coding, hashing and writing overlap.
///
/// Whether a content is there already is known before anything of it is written: a tensor of one
/// chunk is hashed in memory; a larger one is read through once more where an earlier one has its
/// size and its first bytes.
final class BlobWriter {
  // What `take` changes, one call at a time.
  private var nextItem = 0
  private var open: OpenBlob?
  /// Each blob's description, complete once all its bytes were taken.
  private var heads: [Key] = []
  /// Each blob's base.
  private var bases: [Int?] = []
  private var numbers: [Int] = []
  private var known: [Key: Int] = [:]
  private var beginnings: Set<Beginning> = []
  private var takenSize = 0
  // What `write` changes, one call at a time.
  private var chunks: [[Manifest.Chunk]] = []

  private let items: [BlobItem]
  private let file: OutputFile
  private let sources: SourceDigests?
  private let progress: (Double) -> Void
  private let totalSize: Int

  init(
    _ items: [BlobItem], to file: OutputFile, sources: SourceDigests?,
    progress: @escaping (Double) -> Void
  ) {
    self.items = items
    self.file = file
    self.sources = sources
    self.progress = progress
    totalSize = items.reduce(0) { $0 + $1.size }
  }

  /// Writes all items.
  ///
  /// - Returns: the blobs, and for every item its blob's number.
  func run() throws -> (blobs: [Manifest.Blob], numbers: [Int]) {
    let workers = try (0..<workerCount).map { _ in try ChunkEncoder() }
    try OrderedPipeline.run(
      workers, take: take, work: { try $0.encode($1.byteCount, $1.layout, base: $1.readBase) },
      finish: write)
    chunks += Array(repeating: [], count: heads.count - chunks.count)
    let blobs = heads.indices.map { index in
      let isDifference = chunks[index].contains(where: \.isDifference)
      return Manifest.Blob(
        size: heads[index].size, sha256: heads[index].sha256, layout: heads[index].layout,
        base: isDifference ? bases[index] : nil, chunks: chunks[index])
    }
    return (blobs, numbers)
  }

  /// One more than the threads, so that no core idles while a worker waits for its turn.
  private var workerCount: Int {
    let threads = min(Self.maximumThreads, imgk_thread_count())
    return threads == 1 || totalSize <= ChunkCodec.chunkSize ? 1 : threads + 1
  }

  private static let maximumThreads = 8
}

extension BlobWriter {
  /// Equal bytes under the same layout are one blob.
  fileprivate struct Key: Hashable {
    var sha256: String
    let size: Int
    let layout: PlaneLayout
  }

  /// The size and a hash of the first bytes of a large blob.
  private struct Beginning: Hashable {
    let hash: UInt64
    let size: Int
    let layout: PlaneLayout
    static let byteCount = 64 << 10
  }

  /// A blob of which not all was taken yet.
  private struct OpenBlob {
    let item: BlobItem
    let number: Int
    var position = 0
    var digest = StreamDigest()
  }

  /// A run of chunks of a blob, its plain bytes in the encoder.
  private struct Job {
    let blob: Int
    let byteCount: Int
    let layout: PlaneLayout
    /// Reads the bytes of the blob's base at the same place.
    let readBase: ((UnsafeMutableRawBufferPointer) throws -> Void)?
    /// The share of all bytes done with this job.
    let share: Double
  }
}

extension BlobWriter {
  /// Reads and hashes the next chunks that have to be written.
  private func take(_ worker: ChunkEncoder) throws -> Job? {
    while true {
      if let job = try takeOpen(worker) { return job }
      guard nextItem < items.count else { return nil }
      let item = items[nextItem]
      nextItem += 1
      if item.size <= ChunkCodec.chunkSize {
        if let job = try takeSmall(item, worker) { return job }
      } else if let number = try duplicate(of: item, worker) {
        reuse(number, item)
      } else {
        open = OpenBlob(item: item, number: add(Key(sha256: "", item), base: base(of: item)))
      }
    }
  }

  /// An item of one chunk: hashed first, written only where it is new.
  private func takeSmall(_ item: BlobItem, _ worker: ChunkEncoder) throws -> Job? {
    var digest = StreamDigest()
    try read(
      item, at: 0, UnsafeMutableRawBufferPointer(rebasing: worker.plain[..<item.size]), &digest)
    let key = Key(sha256: digest.hexadecimal, item)
    if let number = known[key] {
      reuse(number, item)
      return nil
    }
    let number = add(key, base: base(of: item))
    known[key] = number
    return item.size == 0 ? nil : job(number, item, at: 0, item.size)
  }

  private func takeOpen(_ worker: ChunkEncoder) throws -> Job? {
    guard var blob = open else { return nil }
    let count = min(worker.plain.count, blob.item.size - blob.position)
    let part = UnsafeMutableRawBufferPointer(rebasing: worker.plain[..<count])
    try read(blob.item, at: blob.position, part, &blob.digest)
    blob.position += count
    open = blob
    if blob.position == blob.item.size {
      heads[blob.number].sha256 = blob.digest.hexadecimal
      known[heads[blob.number]] = blob.number
      open = nil
    }
    return job(blob.number, blob.item, at: blob.position - count, count)
  }

  private func job(_ number: Int, _ item: BlobItem, at offset: Int, _ count: Int) -> Job {
    takenSize += count
    let base = bases[number] == nil ? nil : item.base.map { items[$0] }
    return Job(
      blob: number, byteCount: count, layout: item.layout,
      readBase: base.map { base in { try base.read(offset, $0) } },
      share: Double(takenSize) / Double(max(totalSize, 1)))
  }

  /// The blob to which the chunks of `item` may be stored as differences: that of its base, where
  /// it is of the same kind, has no base itself, and can be read again.
  private func base(of item: BlobItem) -> Int? {
    guard let index = item.base, index < numbers.count, items[index].isStored else { return nil }
    let number = numbers[index]
    guard heads[number].size == item.size, heads[number].layout == item.layout,
      bases[number] == nil
    else { return nil }
    return number
  }

  /// The number of the blob that has the bytes of `item` already.
  private func duplicate(of item: BlobItem, _ worker: ChunkEncoder) throws -> Int? {
    let start = UnsafeMutableRawBufferPointer(rebasing: worker.plain[..<Beginning.byteCount])
    try item.read(0, start)
    let beginning = Beginning(
      hash: imgk_xxh64(start.baseAddress, start.count), size: item.size, layout: item.layout)
    guard !beginnings.insert(beginning).inserted else { return nil }
    var digest = StreamDigest()
    for offset in stride(from: 0, to: item.size, by: worker.plain.count) {
      let count = min(worker.plain.count, item.size - offset)
      let part = UnsafeMutableRawBufferPointer(rebasing: worker.plain[..<count])
      try read(item, at: offset, part, &digest)
    }
    return known[Key(sha256: digest.hexadecimal, item)]
  }

  /// Reads bytes of an item into its digest, and into that of the file in which they stand.
  private func read(
    _ item: BlobItem, at offset: Int, _ buffer: UnsafeMutableRawBufferPointer,
    _ digest: inout StreamDigest
  ) throws {
    try item.read(offset, buffer)
    let bytes = UnsafeRawBufferPointer(buffer)
    guard let sources, let location = item.location else {
      digest.update(bytes)
      return
    }
    try sources.update(
      &digest, bytes, at: location.offset + UInt64(offset), of: location.file)
  }

  private func add(_ key: Key, base: Int?) -> Int {
    numbers.append(heads.count)
    heads.append(key)
    bases.append(base)
    return heads.count - 1
  }

  private func reuse(_ number: Int, _ item: BlobItem) {
    numbers.append(number)
    takenSize += item.size
  }

  /// Writes the chunks that the worker coded.
  private func write(_ worker: ChunkEncoder, _ job: Job) throws {
    chunks += Array(repeating: [], count: max(0, job.blob + 1 - chunks.count))
    for chunk in worker.chunks {
      chunks[job.blob].append(
        Manifest.Chunk(
          offset: file.byteCount, planes: chunk.planes, sha256: chunk.sha256,
          isDifference: chunk.isDifference))
      try file.write(chunk.frames)
    }
    progress(job.share)
  }
}

extension BlobWriter.Key {
  fileprivate init(sha256: String, _ item: BlobItem) {
    self.init(sha256: sha256, size: item.size, layout: item.layout)
  }
}
