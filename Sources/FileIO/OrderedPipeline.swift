import Foundation

/// Work on a sequence of jobs by several threads: jobs are taken one at a time, worked on side by
/// side, and finished one at a time in the order in which they were taken.
///
/// What a step does may depend on the jobs before it in `take`, `arrange` and `finish`, never in
/// `load` and `work`; the outcome is then the same for any number of workers. A worker holds one job
/// at a time, which bounds the memory by the number of workers.
package enum OrderedPipeline {
  /// Runs until `take` gives nil.
  ///
  /// - Parameters:
  ///   - workers: what each thread keeps for itself (buffers, contexts); at least one. The first
  ///     belongs to the calling thread.
  ///   - take: gets the next job; one call at a time, in order.
  ///   - load: begins a job; may run for several at once.
  ///   - arrange: goes on with it; one call at a time, in the order of `take`.
  ///   - work: may run for several jobs at once.
  ///   - finish: ends a job; one call at a time, in the order of `take`.
  /// - Throws: the first error in the order of the jobs.
  package static func run<Worker, Job>(
    _ workers: [Worker], take: @escaping (Worker) throws -> Job?,
    load: ((Worker, Job) throws -> Void)? = nil, arrange: ((Worker, Job) throws -> Void)? = nil,
    work: @escaping (Worker, Job) throws -> Void, finish: @escaping (Worker, Job) throws -> Void
  ) throws {
    precondition(!workers.isEmpty, "no workers")
    let state = PipelineState(
      take: take, load: load, arrange: arrange, work: work, finish: finish)
    state.runAll(workers)
    if let failure = state.failure { throw failure.error }
  }
}

/// The shared state of a pipeline.
private final class PipelineState<Worker, Job>: @unchecked Sendable {
  typealias Step = (Worker, Job) throws -> Void

  private let take: (Worker) throws -> Job?
  private let load: Step?
  private let arrange: Step?
  private let work: Step
  private let finish: Step
  private let taking = NSLock()
  private let arranging = Turns()
  private let finishing = Turns()
  private let failing = NSLock()
  private var failed: (number: Int, error: any Error)?
  // Guarded by `taking`.
  private var takenCount = 0
  private var isExhausted = false

  init(
    take: @escaping (Worker) throws -> Job?, load: Step?, arrange: Step?, work: @escaping Step,
    finish: @escaping Step
  ) {
    self.take = take
    self.load = load
    self.arrange = arrange
    self.work = work
    self.finish = finish
  }

  /// The first failure in the order of the jobs.
  var failure: (number: Int, error: any Error)? { failing.withLock { failed } }

  /// Runs the first worker here and the others on threads of their own; where the system gives no
  /// more threads, fewer do the work.
  func runAll(_ workers: [Worker]) {
    let crew = Crew()
    for worker in workers.dropFirst() {
      let seat = Seat(worker: worker)
      let thread = Thread {
        guard crew.join() else { return }
        self.run(seat.worker)
        crew.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    run(workers[0])
    crew.close()
  }

  /// A worker on its way to its thread.
  private struct Seat: @unchecked Sendable {
    let worker: Worker
  }

  private func run(_ worker: Worker) {
    while let (number, job) = next(worker) {
      do {
        guard try run(worker, number, job) else { return }
      } catch {
        fail(number, error)
        return
      }
    }
  }

  /// Takes a job through its steps; false where one before it failed.
  private func run(_ worker: Worker, _ number: Int, _ job: Job) throws -> Bool {
    try load?(worker, job)
    if let arrange {
      guard try arranging.run(number, { try arrange(worker, job) }) else { return false }
    }
    try work(worker, job)
    return try finishing.run(number) { try finish(worker, job) }
  }

  private func next(_ worker: Worker) -> (Int, Job)? {
    taking.lock()
    defer { taking.unlock() }
    guard !isExhausted, failure == nil else { return nil }
    let number = takenCount
    do {
      guard let job = try take(worker) else {
        isExhausted = true
        return nil
      }
      takenCount += 1
      return (number, job)
    } catch {
      isExhausted = true
      fail(number, error)
      return nil
    }
  }

  private func fail(_ number: Int, _ error: any Error) {
    failing.withLock {
      if failed.map({ number < $0.number }) ?? true { failed = (number, error) }
    }
    arranging.stop(from: number)
    finishing.stop(from: number)
  }
}

/// Steps that run one at a time, in the order of their numbers.
private final class Turns: @unchecked Sendable {
  private let condition = NSCondition()
  private var next = 0
  private var end = Int.max

  /// Waits for the steps before and runs `step`; false where the sequence was stopped before it.
  ///
  /// The lock is not held meanwhile: nobody else has this number.
  func run(_ number: Int, _ step: () throws -> Void) throws -> Bool {
    condition.lock()
    while next < number, number < end { condition.wait() }
    let isMine = next == number && number < end
    condition.unlock()
    guard isMine else { return false }
    try step()
    condition.lock()
    next += 1
    condition.broadcast()
    condition.unlock()
    return true
  }

  /// Gives up step `number` and all that follow.
  func stop(from number: Int) {
    condition.lock()
    end = min(end, number)
    condition.broadcast()
    condition.unlock()
  }
}

/// Those at work. `Thread.start` does not tell that there was no thread to be had, so only who has
/// joined is waited for.
private final class Crew: @unchecked Sendable {
  private let condition = NSCondition()
  private var count = 0
  private var isClosed = false

  /// Whether there still is something to do.
  func join() -> Bool {
    condition.withLock {
      if !isClosed { count += 1 }
      return !isClosed
    }
  }

  func leave() {
    condition.withLock {
      count -= 1
      condition.broadcast()
    }
  }

  /// Lets nobody in any more, and waits for those inside.
  func close() {
    condition.withLock {
      isClosed = true
      while count > 0 { condition.wait() }
    }
  }
}
