import Foundation

/// Has the system write a growing file to the disk and let go of its pages, from a thread of its own:
/// the disk's queue may be full, and whoever makes the bytes is not to wait for it.
///
/// Only a wish: where it is not heard, or there is no thread to be had, the file is merely cached.
final class WriteBehind: @unchecked Sendable {
  private let descriptor: Int32
  private let condition = NSCondition()
  // Guarded by `condition`.
  private var written: Int
  private var isRunning = false
  private var isClosed = false

  /// How many bytes are asked for at once.
  private static let blockSize = 4 << 20
  /// How many bytes behind the last block the cache lets go of the file: what most disks write in a
  /// tenth of a second or two.
  private static let lag = 64 << 20

  /// Follows the file behind `descriptor`, which stays the caller's, from byte `start` on; nil where
  /// the system has no more descriptors.
  init?(_ descriptor: Int32, from start: Int) {
    self.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    written = start
    guard self.descriptor >= 0 else { return nil }
    Thread { self.run(from: start) }.start()
  }

  /// Takes note that the file has `end` bytes.
  func advance(to end: Int) {
    condition.withLock {
      written = end
      condition.signal()
    }
  }

  /// Asks for nothing more; waits for nothing.
  func close() {
    condition.withLock {
      guard !isClosed else { return }
      isClosed = true
      if !isRunning { _ = Glibc.close(descriptor) }
      condition.signal()
    }
  }

  /// `POSIX_FADV_DONTNEED` begins to write pages that are not on the disk, and lets go of those that
  /// are: of every byte it is asked twice.
  private func run(from start: Int) {
    guard begin() else { return }
    var asked = start
    while let end = next(after: asked) {
      for end in [end, end - Self.lag] where end > start {
        let begin = max(start, end - Self.blockSize)
        _ = posix_fadvise(descriptor, begin, end - begin, POSIX_FADV_DONTNEED)
      }
      asked = end
    }
    _ = Glibc.close(descriptor)
  }

  /// Whether there still is something to do.
  private func begin() -> Bool {
    condition.withLock {
      isRunning = !isClosed
      return isRunning
    }
  }

  /// Waits for the next block; its end, or nil once closed.
  private func next(after asked: Int) -> Int? {
    condition.withLock {
      while written == asked, !isClosed { condition.wait() }
      return isClosed ? nil : min(written, asked + Self.blockSize)
    }
  }
}
