import Glibc

/// A thread that works on blocks in the order in which they were handed over, while others are being
/// filled.
///
/// It keeps a few blocks more than the one that is filled, so that neither side waits for a moment in
/// which the other is slow.
final class BlockThread: @unchecked Sendable {
  typealias Block = UnsafeMutableRawBufferPointer

  private let work: (Block, _ waiting: Int) throws(FileIOError) -> Void
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var thread = pthread_t()
  // Guarded by `mutex`.
  private var waiting: [Block] = []
  private var idle: [Block] = []
  private var isWorking = false
  private var failure: FileIOError?
  private var isClosed = false

  /// A thread that gives every block to `work`, and how many more wait behind it; nil where the
  /// system has no more threads.
  ///
  /// - Parameter spares: blocks to give for the first that are handed over; of malloc's
  ///   memory, and the thread's, which frees them.
  init?(spares: [Block], _ work: @escaping (Block, Int) throws(FileIOError) -> Void) {
    self.work = work
    idle = spares
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
    for block in idle + waiting { free(block.baseAddress) }
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Hands `block` over, and gives another one to fill; waits until one is free.
  ///
  /// - Throws: what an earlier block failed with; `block` then stays the caller's.
  func exchange(_ block: Block) throws(FileIOError) -> Block {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while idle.isEmpty, failure == nil { pthread_cond_wait(condition, mutex) }
    if let failure { throw failure }
    waiting.append(block)
    pthread_cond_broadcast(condition)
    return idle.removeLast()
  }

  /// Waits until every block that was handed over is done.
  ///
  /// - Throws: what one of them failed with.
  func finish() throws(FileIOError) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while isWorking || !waiting.isEmpty { pthread_cond_wait(condition, mutex) }
    if let failure { throw failure }
  }

  /// Ends the thread after the block that it works on; nothing may be handed over any more.
  func close() {
    guard !isClosed else { return }
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    pthread_join(thread, nil)
  }

  private func run() {
    while let (block, waiting) = next() {
      var failure: FileIOError?
      do throws(FileIOError) {
        try work(block, waiting)
      } catch {
        failure = error
      }
      done(block, failure)
    }
  }

  /// The next block and how many wait behind it; nil at the end.
  private func next() -> (Block, Int)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while waiting.isEmpty, !isClosed { pthread_cond_wait(condition, mutex) }
    guard !isClosed else { return nil }
    isWorking = true
    let block = waiting.removeFirst()
    return (block, waiting.count)
  }

  /// Notes how `block` ended; after a failure those that wait are not worked on.
  private func done(_ block: Block, _ failure: FileIOError?) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    self.failure = self.failure ?? failure
    isWorking = false
    idle.append(block)
    if self.failure != nil {
      idle += waiting
      waiting = []
    }
    pthread_cond_broadcast(condition)
  }
}
