import Glibc
import Synchronization

/// The named temporaries that exist at this moment, so that an interrupted run can remove them.
///
/// The paths stand in a fixed table of C strings: a signal handler may read it without taking a
/// lock or allocating.
public enum PendingTemporaries {
  private static let capacity = 64
  private static let table = PathTable(capacity: capacity)

  /// Removes the named temporaries when the program exits, also while a thread still holds a file, and
  /// on SIGINT, SIGTERM and SIGHUP, which then take their default course; one that the caller has
  /// ignored (`nohup`) stays ignored. SIGPIPE is ignored, so that a closed pipe shows as a failed write.
  public static func removeAtEnd() {
    // Made now: made by a handler, it would allocate where malloc may just hold its lock.
    table.unlinkAll()
    atexit { PendingTemporaries.table.unlinkAll() }
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(signal(number, SIG_IGN)) {
      signal(number) { received in
        PendingTemporaries.table.unlinkAll()
        signal(received, SIG_DFL)
        raise(received)
      }
    }
    signal(SIGPIPE, SIG_IGN)
  }

  private static func isIgnored(_ handler: __sighandler_t?) -> Bool {
    unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  static func insert(_ path: String) { table.insert(path) }

  static func remove(_ path: String) { table.remove(path) }
}

/// A table of C strings, each slot null or a path.
private final class PathTable: Sendable {
  private struct Slots: @unchecked Sendable {
    let base: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    let capacity: Int
  }

  private let slots: Slots
  private let lock = Mutex<Void>(())

  init(capacity: Int) {
    let base = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: capacity)
    base.initialize(repeating: nil, count: capacity)
    slots = Slots(base: base, capacity: capacity)
  }

  func insert(_ path: String) {
    lock.withLock { _ in
      guard let free = (0..<slots.capacity).first(where: { slots.base[$0] == nil }) else { return }
      slots.base[free] = strdup(path)
    }
  }

  func remove(_ path: String) {
    lock.withLock { _ in
      for index in 0..<slots.capacity {
        guard let text = slots.base[index], String(cString: text) == path else { continue }
        slots.base[index] = nil
        free(text)
      }
    }
  }

  /// Called from a signal handler: takes no lock, allocates and frees nothing.
  func unlinkAll() {
    var index = 0
    while index < slots.capacity {
      if let text = slots.base[index] { unlink(text) }
      index += 1
    }
  }
}
