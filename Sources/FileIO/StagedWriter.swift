import Glibc

/// Appends bytes to a descriptor through a buffer, in blocks of 4 MiB; a large file's blocks go to
/// the disk past the page cache (`O_DIRECT`), from a thread of its own where there is one, so that the
/// disk is not idle while the next block is made.
///
/// Every page of a cached write has to be found, cleared and written out again later, which costs
/// as much time as coding the weights; a model of many gigabytes would also drive everything else
/// out of the cache. Small files are written through the cache.
final class StagedWriter {
  /// What is being filled.
  private var buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  /// Writes what is full, for large files.
  private var thread: BlockThread?
  private var isLarge = false
  private let file: BlockFile
  /// How a large file's blocks reach the disk.
  private let access: BlockFile.Access

  private static let blockSize = 4 << 20
  /// How many blocks may wait for the disk: a tenth of a second of most.
  private static let depth = 8
  /// From this size on a file is large.
  private static let largeFrom = 16 << 20
  /// What direct access asks of memory, offsets and sizes, on any device in use.
  private static let alignment = 4096

  /// A block's memory; nil where the system refuses it.
  private static func makeBuffer() -> BlockThread.Block? {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, alignment, blockSize) == 0 else { return nil }
    return memory.map { BlockThread.Block(start: $0, count: blockSize) }
  }

  /// A writer to `descriptor`, which stays the caller's; `path` is for messages, `access` how a
  /// large file's blocks reach the disk.
  ///
  /// - Throws: `FileIOError.system` where there is no memory for a block.
  init(descriptor: Int32, path: String, access: BlockFile.Access) throws(FileIOError) {
    self.access = access
    guard let buffer = Self.makeBuffer() else {
      throw .system(call: "posix_memalign", path: path, errno: ENOMEM)
    }
    file = BlockFile(descriptor: descriptor, path: path)
    self.buffer = buffer
  }

  deinit {
    thread?.close()
    free(buffer.baseAddress)
  }
}

extension StagedWriter {
  /// Appends `bytes`; they may be in the buffer until `flush`.
  func write(_ bytes: UnsafeRawBufferPointer) throws(FileIOError) {
    var done = 0
    while done < bytes.count {
      let count = min(bytes.count - done, buffer.count - used)
      UnsafeMutableRawBufferPointer(rebasing: buffer[used..<(used + count)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)]))
      used += count
      done += count
      if used == buffer.count { try writeBlock() }
    }
  }

  /// Writes what is in the buffer.
  func flush() throws(FileIOError) {
    try thread?.finish()
    file.use(.cached)
    try file.write(UnsafeMutableRawBufferPointer(rebasing: buffer[..<used]))
    used = 0
  }

  /// Writes the full buffer, or has it written.
  private func writeBlock() throws(FileIOError) {
    used = 0
    if !isLarge, file.byteCount >= Self.largeFrom { begin() }
    if let thread {
      buffer = try thread.exchange(buffer)
    } else {
      try file.write(buffer)
    }
  }

  /// Leaves writing to a thread where there is one, and memory for it.
  private func begin() {
    isLarge = true
    file.use(access)
    let file = file
    let spares = (0..<Self.depth).compactMap { _ in Self.makeBuffer() }
    guard !spares.isEmpty else { return }
    thread = BlockThread(spares: spares) { block, waiting throws(FileIOError) in
      try file.write(block, isBehind: waiting > Self.depth / 2)
    }
  }
}
