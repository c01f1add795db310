/// Bytes that stand in several places of memory, one run after another; the memory is others'.
struct ByteRuns {
  /// The runs, none of them empty.
  private(set) var runs: [UnsafeRawBufferPointer] = []
  /// How many bytes there are.
  private(set) var count = 0

  /// No bytes yet.
  init() {}

  /// The bytes of `run` alone.
  init(_ run: UnsafeRawBufferPointer) { append(run) }

  /// Appends a run; where it begins at the end of the last one, the two become one.
  mutating func append(_ run: UnsafeRawBufferPointer) {
    guard let start = run.baseAddress, !run.isEmpty else { return }
    count += run.count
    if let last = runs.last, let end = last.baseAddress.map({ $0 + last.count }), end == start {
      runs[runs.count - 1] = UnsafeRawBufferPointer(
        start: last.baseAddress, count: last.count + run.count)
    } else {
      runs.append(run)
    }
  }

  /// Takes the first `count` bytes away and gives them back; `count` is at most the first run's.
  mutating func removeFirst(_ count: Int) -> UnsafeRawBufferPointer {
    let run = runs[0]
    self.count -= count
    if count == run.count {
      runs.removeFirst()
    } else {
      runs[0] = UnsafeRawBufferPointer(rebasing: run[count...])
    }
    return UnsafeRawBufferPointer(rebasing: run[..<count])
  }
}
