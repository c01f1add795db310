import CImgKernels

/// A loop over the kernels' warm threads, one index at a time.
enum ParallelLoop {
  private struct Body {
    let run: (Int) -> Void
  }

  /// Runs `body` for every index below `count`; each index touches only what is its own.
  static func run(count: Int, _ body: (Int) -> Void) {
    guard count > 0 else { return }
    withoutActuallyEscaping(body) { escapable in
      var context = Body(run: escapable)
      withUnsafeMutablePointer(to: &context) { pointer in
        imgk_parallel_for(
          count, 1,
          { context, begin, end in
            guard let body = context?.assumingMemoryBound(to: Body.self) else { return }
            for index in begin..<end { body.pointee.run(index) }
          }, pointer)
      }
    }
  }
}
