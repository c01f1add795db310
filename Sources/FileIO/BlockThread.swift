import Glibc

/// A thread that works on blocks one after another, while the next is being filled.
///
/// `put` waits for the block before, so there are never more than two: one that is worked on, one
/// that is filled.
final class BlockThread: @unchecked Sendable {
  typealias Block = UnsafeMutableRawBufferPointer

  private let work: (Block) throws(FileIOError) -> Void
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var thread = pthread_t()
  // Guarded by `mutex`.
  private var block: Block?
  private var failure: FileIOError?
  private var isClosed = false

  /// A thread that gives every block to `work`; nil where the system has no more threads.
  init?(_ work: @escaping (Block) throws(FileIOError) -> Void) {
    self.work = work
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    // The object outlives the thread: `close` waits for it.
    let result = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<BlockThread>.fromOpaque(context).takeUnretainedValue().run() }
        return nil
      }, Unmanaged.passUnretained(self).toOpaque())
    guard result == 0 else {
      isClosed = true
      return nil
    }
  }

  deinit {
    close()
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Hands `block` over once the one before is done; it must not be touched until the next call
  /// returns.
  ///
  /// - Throws: what an earlier block failed with.
  func put(_ block: Block) throws(FileIOError) {
    try finish()
    pthread_mutex_lock(mutex)
    self.block = block
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Waits until the block that was put last is done.
  ///
  /// - Throws: what it failed with.
  func finish() throws(FileIOError) {
    pthread_mutex_lock(mutex)
    while block != nil { pthread_cond_wait(condition, mutex) }
    let failure = failure
    pthread_mutex_unlock(mutex)
    if let failure { throw failure }
  }

  /// Ends the thread after the block that it works on; nothing may be put any more.
  func close() {
    guard !isClosed else { return }
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    pthread_join(thread, nil)
  }

  private func run() {
    while let block = next() {
      var failure: FileIOError?
      do throws(FileIOError) {
        try work(block)
      } catch {
        failure = error
      }
      pthread_mutex_lock(mutex)
      self.failure = self.failure ?? failure
      self.block = nil
      pthread_cond_broadcast(condition)
      pthread_mutex_unlock(mutex)
    }
  }

  /// The next block; nil at the end.
  private func next() -> Block? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while block == nil, !isClosed { pthread_cond_wait(condition, mutex) }
    return isClosed ? nil : block
  }
}
