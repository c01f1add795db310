import Foundation

/// Work on a sequence of jobs by several threads: jobs are taken one at a time, worked on side by
/// side, and finished one at a time in the order in which they were taken.
///
/// What a step does may depend on the jobs before it in `take` and `finish`, never in `work`; the
/// outcome is then the same for any number of workers. A worker holds one job at a time, which
/// bounds the memory by the number of workers.
package enum OrderedPipeline {
  /// Runs until `take` gives nil.
  ///
  /// - Parameters:
  ///   - workers: what each thread keeps for itself (buffers, contexts); at least one. The first
  ///     belongs to the calling thread.
  ///   - take: gets the next job; one call at a time, in order.
  ///   - work: may run for several jobs at once.
  ///   - finish: ends a job; one call at a time, in the order of `take`.
  /// - Throws: the first error in the order of the jobs.
  package static func run<Worker, Job>(
    _ workers: [Worker], take: @escaping (Worker) throws -> Job?,
    work: @escaping (Worker, Job) throws -> Void, finish: @escaping (Worker, Job) throws -> Void
  ) throws {
    precondition(!workers.isEmpty, "no workers")
    let state = PipelineState(take: take, work: work, finish: finish)
    state.runAll(workers)
    if let failure = state.failure { throw failure.error }
  }
}

/// The shared state of a pipeline: `taking` guards what is taken, `finishing` what is finished.
private final class PipelineState<Worker, Job>: @unchecked Sendable {
  private(set) var failure: (number: Int, error: any Error)?

  private let take: (Worker) throws -> Job?
  private let work: (Worker, Job) throws -> Void
  private let finish: (Worker, Job) throws -> Void
  private let taking = NSLock()
  private let finishing = NSCondition()
  private var takenCount = 0
  private var finishedCount = 0
  private var isExhausted = false

  init(
    take: @escaping (Worker) throws -> Job?, work: @escaping (Worker, Job) throws -> Void,
    finish: @escaping (Worker, Job) throws -> Void
  ) {
    self.take = take
    self.work = work
    self.finish = finish
  }

  func runAll(_ workers: [Worker]) {
    let group = DispatchGroup()
    for worker in workers.dropFirst() {
      group.enter()
      let seat = Seat(worker: worker)
      let thread = Thread {
        self.run(seat.worker)
        group.leave()
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    run(workers[0])
    group.wait()
  }

  /// A worker on its way to its thread.
  private struct Seat: @unchecked Sendable {
    let worker: Worker
  }

  private func run(_ worker: Worker) {
    while let (number, job) = next(worker) {
      do {
        try work(worker, job)
      } catch {
        fail(number, error)
        return
      }
      guard end(worker, number, job) else { return }
    }
  }

  private func next(_ worker: Worker) -> (Int, Job)? {
    taking.lock()
    defer { taking.unlock() }
    guard !isExhausted, !hasFailed else { return nil }
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

  private var hasFailed: Bool {
    finishing.lock()
    defer { finishing.unlock() }
    return failure != nil
  }

  /// Waits for the jobs before and finishes this one; false where one of them failed.
  private func end(_ worker: Worker, _ number: Int, _ job: Job) -> Bool {
    finishing.lock()
    defer {
      finishing.broadcast()
      finishing.unlock()
    }
    while finishedCount < number, failure.map({ $0.number > number }) ?? true { finishing.wait() }
    guard finishedCount == number else { return false }
    do {
      try finish(worker, job)
      finishedCount += 1
      return true
    } catch {
      record(number, error)
      return false
    }
  }

  private func fail(_ number: Int, _ error: any Error) {
    finishing.lock()
    record(number, error)
    finishing.broadcast()
    finishing.unlock()
  }

  private func record(_ number: Int, _ error: any Error) {
    if failure.map({ number < $0.number }) ?? true { failure = (number, error) }
  }
}
