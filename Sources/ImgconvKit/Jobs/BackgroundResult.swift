import Foundation
import Synchronization

/// A value that a thread of its own works out in the meantime; where the system gives no thread, who
/// asks for it.
final class BackgroundResult<Value: Sendable>: Sendable {
  private let work: @Sendable () throws -> Value
  private let isTaken = Atomic(false)
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  /// Starts `work`.
  init(_ work: @escaping @Sendable () throws -> Value) {
    self.work = work
    Thread.detachNewThread { [self] in runOnce() }
  }

  /// The value, once it is there.
  ///
  /// - Throws: what the work threw.
  func value() throws -> Value {
    runOnce()
    isDone.wait()
    isDone.signal()
    guard let result = result.withLock({ $0 }) else {
      throw CancellationError()
    }
    return try result.get()
  }

  private func runOnce() {
    guard !isTaken.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let found = Result { try work() }
    result.withLock { $0 = found }
    isDone.signal()
  }
}
