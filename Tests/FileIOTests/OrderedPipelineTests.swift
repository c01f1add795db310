import FileIO
import Testing

@Suite struct OrderedPipelineTests {
  private struct Failure: Error, Equatable {
    let number: Int
  }

  @Test("jobs end in the order in which they were taken", arguments: [1, 2, 3, 7])
  func order(_ workerCount: Int) throws {
    var next = 0
    var finished: [Int] = []
    try OrderedPipeline.run(
      Array(0..<workerCount),
      take: { _ -> Int? in
        next += 1
        return next <= 500 ? next : nil
      },
      work: { _, job in
        var value = UInt64(job)
        for _ in 0..<(job * 7919 % 2000) { value = value &* 6_364_136_223_846_793_005 &+ 1 }
        if value == 0 { throw Failure(number: job) }
      },
      finish: { _, job in finished.append(job) })
    #expect(finished == Array(1...500))
  }

  @Test("the first failure in the order of jobs is the one reported", arguments: [1, 2, 5])
  func failure(_ workerCount: Int) throws {
    var next = 0
    var finished: [Int] = []
    let error = #expect(throws: Failure.self) {
      try OrderedPipeline.run(
        Array(0..<workerCount),
        take: { _ -> Int? in
          next += 1
          return next
        },
        work: { _, job in if job >= 20 { throw Failure(number: job) } },
        finish: { _, job in finished.append(job) })
    }
    #expect(error == Failure(number: 20))
    #expect(finished == Array(1...19))
  }

  @Test("a failure to take, or to finish, ends the run after the jobs before it")
  func otherFailures() throws {
    var next = 0
    var finished = 0
    #expect(throws: Failure(number: 10)) {
      try OrderedPipeline.run(
        [0, 1, 2],
        take: { _ -> Int? in
          next += 1
          if next == 10 { throw Failure(number: 10) }
          return next
        }, work: { _, _ in }, finish: { _, _ in finished += 1 })
    }
    #expect(finished == 9)
    next = 0
    #expect(throws: Failure(number: 4)) {
      try OrderedPipeline.run(
        [0, 1, 2],
        take: { _ -> Int? in
          next += 1
          return next
        }, work: { _, _ in },
        finish: { _, job in if job == 4 { throw Failure(number: job) } })
    }
  }
}

@Suite("A pipeline of five steps")
struct OrderedPipelineStepsTests {
  private struct Failure: Error, Equatable {
    let number: Int
  }

  private final class Log: @unchecked Sendable {
    var arranged: [Int] = []
    var finished: [Int] = []
  }

  private func run(_ workerCount: Int, _ log: Log, failing: Int = -1) throws {
    var next = 0
    try OrderedPipeline.run(
      Array(0..<workerCount),
      take: { _ -> Int? in
        next += 1
        return next <= 300 ? next : nil
      },
      load: { _, job in
        if job == failing + 1000 { throw Failure(number: job) }
      },
      arrange: { _, job in
        if job == failing { throw Failure(number: job) }
        log.arranged.append(job)
      },
      work: { _, _ in },
      finish: { _, job in log.finished.append(job) })
  }

  @Test("jobs are arranged, and finished, in their order", arguments: [1, 2, 4, 9])
  func order(_ workerCount: Int) throws {
    let log = Log()
    try run(workerCount, log)
    #expect(log.arranged == Array(1...300))
    #expect(log.finished == Array(1...300))
  }

  @Test("a failure to arrange lets the jobs before it end", arguments: [1, 2, 4])
  func failure(_ workerCount: Int) throws {
    let log = Log()
    #expect(throws: Failure(number: 50)) { try run(workerCount, log, failing: 50) }
    #expect(log.finished == Array(1...49))
  }
}
