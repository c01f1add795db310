import CImgKernels

/// Parallel loops over the kernels' warm threads.
public enum Parallel {
  /// How many threads a loop may use, the caller's included (1 to 256). Set it once, at start.
  ///
  /// The default is the number of CPUs the process may run on. Results never depend on it.
  public static var threadCount: Int {
    get { imgk_thread_count() }
    set { imgk_set_thread_count(max(1, newValue)) }
  }

  /// The number of CPUs the process may run on.
  public static var availableCPUCount: Int { imgk_available_cpu_count() }

  /// Runs `body` over `0 ..< count` in chunks of at most `grain` indices and returns when all are done.
  ///
  /// Chunks run concurrently, in any order, on any thread; each is a multiple of `grain` long but the last. `body` must
  /// touch only what belongs to its range. Called from inside another loop, everything runs on the calling thread.
  public static func forEach(count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    guard count > 0 else { return }
    withoutActuallyEscaping(body) { escapable in
      var loop = Loop(body: escapable)
      withUnsafeMutablePointer(to: &loop) { context in
        imgk_parallel_for(
          count, max(1, grain),
          { context, begin, end in
            context?.assumingMemoryBound(to: Loop.self).pointee.body(begin..<end)
          }, context)
      }
    }
  }

  /// As `forEach(count:grain:_:)`, one index at a time.
  public static func forEachIndex(count: Int, _ body: (Int) -> Void) {
    forEach(count: count, grain: 1) { range in
      for index in range { body(index) }
    }
  }

  /// Frees the scratch memory that kernels keep between calls.
  public static func releaseScratch() { imgk_release_scratch() }

  private struct Loop {
    var body: (Range<Int>) -> Void
  }
}
