import Foundation
import Synchronization

/// A value that a thread of its own works out in the meantime.
final class BackgroundResult<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let isDone = DispatchSemaphore(value: 0)

  /// Starts `work`.
  init(_ work: @escaping @Sendable () throws -> Value) {
    Thread.detachNewThread { [self] in
      let found = Result { try work() }
      result.withLock { $0 = found }
      isDone.signal()
    }
  }

  /// The value, once it is there.
  ///
  /// - Throws: what the work threw.
  func value() throws -> Value {
    isDone.wait()
    isDone.signal()
    guard let result = result.withLock({ $0 }) else {
      throw CancellationError()
    }
    return try result.get()
  }
}
