import CImgKernels

/// Bytes that stand in several places of memory, one run after another; the memory is others'.
struct ByteRuns {
  /// The runs, none of them empty.
  private(set) var runs: [UnsafeRawBufferPointer] = []
  /// How many bytes there are.
  private(set) var count = 0

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

  /// The XXH64 of all bytes.
  var xxh64: UInt64 {
    var state = imgk_xxh64_state()
    imgk_xxh64_begin(&state)
    for run in runs { imgk_xxh64_update(&state, run.baseAddress, run.count) }
    return imgk_xxh64_end(&state)
  }
}
