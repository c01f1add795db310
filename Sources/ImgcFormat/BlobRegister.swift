import CImgKernels
import FileIO
import Foundation
import Synchronization
import Tensors

/// Gives every item its blob: hashes the items' bytes in their order and tells which are in the file
/// already.
///
/// Whether a content is there already is known before anything of it is written: an item of one
/// part is hashed in memory; a larger one is read through once more where an earlier one has its
/// size and its first bytes.
final class BlobRegister {
  /// Each item's blob, in order.
  private(set) var numbers: [Int] = []
  private let items: [BlobItem]
  private let sources: SourceDigests?
  private var open: OpenBlob?
  /// Each blob's description, complete once all its bytes were hashed.
  private var heads: [Key] = []
  /// Each blob's base.
  private var bases: [BlobItem.Base?] = []
  private var known: [Key: Int] = [:]
  private var beginnings: Set<Beginning> = []
  private var hashedSize = 0
  private let totalSize: Int
  private let repeated = Mutex<Set<Int>>([])

  init(_ items: [BlobItem], sources: SourceDigests?) {
    self.items = items
    self.sources = sources
    totalSize = items.reduce(0) { $0 + $1.size }
  }

  /// Equal bytes under the same layout are one blob.
  private struct Key: Hashable {
    var sha256: String
    let size: Int
    let layout: PlaneLayout

    init(_ sha256: String, _ item: BlobItem) {
      self.sha256 = sha256
      size = item.size
      layout = item.layout
    }
  }

  /// The size and a hash of the first bytes of a large blob.
  private struct Beginning: Hashable {
    let hash: UInt64
    let size: Int
    let layout: PlaneLayout
    static let byteCount = 64 << 10
  }

  /// A blob of which not all was hashed yet.
  private struct OpenBlob {
    let number: Int
    var digest = StreamDigest()
  }
}

extension BlobRegister {
  /// Whether the bytes of item number `item` turned out to be in the file; any thread may ask.
  func isKnown(item: Int) -> Bool { repeated.withLock { $0.contains(item) } }

  /// Hashes a part, whose bytes are at the front of `plain`, and gives it its blob; called for every
  /// part in order, one at a time.
  ///
  /// - Parameter scratch: room for reading an item again, not that of any part.
  func arrange(
    _ part: BlobPart, _ plain: UnsafeMutableRawBufferPointer,
    scratch: UnsafeMutableRawBufferPointer
  ) throws {
    guard !isKnown(item: part.item) else { return }
    let item = items[part.item]
    let bytes = UnsafeRawBufferPointer(rebasing: plain[..<part.byteCount])
    if part.byteCount == item.size {
      try arrangeWhole(part, item, bytes)
      return
    }
    if part.offset == 0 {
      if let number = try duplicate(of: item, bytes, scratch) {
        reuse(number, part.item)
        return
      }
      open = OpenBlob(number: add(Key("", item), base: item.base))
    }
    try extend(part, item, bytes)
  }

  /// An item of one part: hashed first, written only where it is new.
  private func arrangeWhole(
    _ part: BlobPart, _ item: BlobItem, _ bytes: UnsafeRawBufferPointer
  ) throws {
    var digest = StreamDigest()
    try hash(item, at: 0, bytes, &digest)
    let key = Key(digest.hexadecimal, item)
    try check(key.sha256, item)
    if let number = known[key] {
      reuse(number, part.item)
      part.share = share
      return
    }
    let number = add(key, base: item.base)
    known[key] = number
    assign(part, number)
  }

  private func extend(
    _ part: BlobPart, _ item: BlobItem, _ bytes: UnsafeRawBufferPointer
  ) throws {
    guard var blob = open else { return }
    try hash(item, at: part.offset, bytes, &blob.digest)
    open = blob
    if part.offset + part.byteCount == item.size {
      heads[blob.number].sha256 = blob.digest.hexadecimal
      try check(heads[blob.number].sha256, item)
      known[heads[blob.number]] = blob.number
      open = nil
    }
    assign(part, blob.number)
  }

  /// The number of the blob that has the bytes of `item`, which begin with `start`, already.
  private func duplicate(
    of item: BlobItem, _ start: UnsafeRawBufferPointer, _ scratch: UnsafeMutableRawBufferPointer
  ) throws -> Int? {
    let beginning = Beginning(
      hash: imgk_xxh64(start.baseAddress, min(Beginning.byteCount, start.count)), size: item.size,
      layout: item.layout)
    guard !beginnings.insert(beginning).inserted else { return nil }
    var digest = StreamDigest()
    for offset in stride(from: 0, to: item.size, by: scratch.count) {
      let count = min(scratch.count, item.size - offset)
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
      try item.read(offset, part)
      try hash(item, at: offset, UnsafeRawBufferPointer(part), &digest)
    }
    try check(digest.hexadecimal, item)
    return known[Key(digest.hexadecimal, item)]
  }

  /// Checks an item's digest against the one that its source states (R11).
  private func check(_ found: String, _ item: BlobItem) throws {
    guard let (expected, name) = item.expected, found != expected else { return }
    throw ImgcError.digest(
      file: "the source", offset: 0, place: "tensor \(name.escapedForDisplay(limit: 300))",
      expected: expected, found: found)
  }

  /// Takes bytes of an item into its digest, and into that of the file in which they stand.
  private func hash(
    _ item: BlobItem, at offset: Int, _ bytes: UnsafeRawBufferPointer,
    _ digest: inout StreamDigest
  ) throws {
    guard let sources, let location = item.location else {
      digest.update(bytes)
      return
    }
    try sources.update(&digest, bytes, at: location.offset + UInt64(offset), of: location.file)
  }
}

extension BlobRegister {
  private func add(_ key: Key, base: BlobItem.Base?) -> Int {
    numbers.append(heads.count)
    heads.append(key)
    bases.append(base.flatMap { usable($0, key) })
    return heads.count - 1
  }

  private func reuse(_ number: Int, _ item: Int) {
    numbers.append(number)
    hashedSize += items[item].size
    repeated.withLock { _ = $0.insert(item) }
  }

  private func assign(_ part: BlobPart, _ number: Int) {
    hashedSize += part.byteCount
    part.share = share
    part.blob = part.byteCount == 0 ? nil : number
    let offset = part.offset
    switch bases[number] {
    case .item(let index):
      let read = items[index].read
      part.readBase = { try read(offset, $0) }
    case .teacher(let blob): part.readBase = { try blob.read(offset, $0) }
    case nil: break
    }
  }

  private var share: Double { Double(hashedSize) / Double(max(totalSize, 1)) }

  /// `base`, where chunks of a blob may be stored as differences to it: it is of the same kind, has
  /// no base itself, and can be read again.
  private func usable(_ base: BlobItem.Base, _ key: Key) -> BlobItem.Base? {
    switch base {
    case .item(let index):
      guard index < numbers.count - 1, items[index].isStored else { return nil }
      let number = numbers[index]
      guard heads[number].size == key.size, heads[number].layout == key.layout,
        bases[number] == nil
      else { return nil }
      return base
    case .teacher(let blob):
      return blob.size == key.size && blob.layout == key.layout ? base : nil
    }
  }

  /// The blobs with their chunks.
  func blobs(_ chunks: [[Manifest.Chunk]]) -> [Manifest.Blob] {
    heads.indices.map { index in
      let chunks = index < chunks.count ? chunks[index] : []
      var blob = Manifest.Blob(
        size: heads[index].size, sha256: heads[index].sha256, layout: heads[index].layout,
        chunks: chunks)
      guard chunks.contains(where: \.isDifference) else { return blob }
      switch bases[index] {
      case .item(let item): blob.base = numbers[item]
      case .teacher(let teacher): blob.teacherBlob = teacher.sha256
      case nil: break
      }
      return blob
    }
  }
}
