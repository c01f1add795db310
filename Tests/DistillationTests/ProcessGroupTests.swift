import Distillation
import Foundation
import Tensors
import Testing

/// Two threads of this process as a group.
final class Threads: @unchecked Sendable {
  private let condition = NSCondition()
  private var waiting: [(rank: Int, tensors: [Tensor])] = []
  private var rounds = 0

  /// Called by both with their tensors: the second to come sums them, in the order of the ranks.
  func sum(_ tensors: [Tensor], rank: Int) {
    condition.lock()
    defer { condition.unlock() }
    waiting.append((rank, tensors))
    let round = rounds
    guard waiting.count == 2 else {
      while rounds == round { condition.wait() }
      return
    }
    let sets = waiting.sorted { $0.rank < $1.rank }.map(\.tensors)
    for (a, b) in zip(sets[0], sets[1]) {
      let (x, y) = (a.mutablePointer(as: Float.self), b.mutablePointer(as: Float.self))
      for index in 0..<a.elementCount {
        x[index] += y[index]
        y[index] = x[index]
      }
    }
    waiting = []
    rounds += 1
    condition.broadcast()
  }

  /// One of the two.
  struct Member: ProcessGroup {
    let threads: Threads
    let rank: Int
    var count: Int { 2 }
    func sum(_ tensors: [Tensor]) { threads.sum(tensors, rank: rank) }
  }
}

@Suite struct ProcessGroupTests {
  /// Roundings of sums over other orders, through three steps of AdamW, whose first steps go by the
  /// gradients' signs.
  static let tolerance: Float = 2e-4

  @Test(
    "two processes train the student that one with twice the batch trains",
    arguments: [0, 0.01 as Float])
  func dataParallel(adversarialWeight: Float) async throws {
    var settings = DistillationSettings()
    settings.batch = 4
    settings.steps = [1, 2]
    settings.teacherEvaluations = 1
    settings.iterations = 3
    settings.warmUp = 0
    settings.reconstructionShare = 0.5
    settings.adversarialWeight = adversarialWeight
    let one = try TrainingTests.distiller(settings)
    let start = one.student.parameters.map { $0.array(of: Float.self) }
    let alone = try (0..<3).map { _ in try one.iterate() }
    settings.batch = 2
    let threads = Threads()
    let trained = try await withThrowingTaskGroup(
      of: (Int, [[Float]], [IterationReport]).self
    ) { [settings] tasks in
      for rank in 0..<2 {
        tasks.addTask {
          try await Self.onThread {
            let distiller = try TrainingTests.distiller(
              settings, group: Threads.Member(threads: threads, rank: rank))
            let reports = try (0..<3).map { _ in try distiller.iterate() }
            return (
              rank, distiller.student.parameters.map { $0.array(of: Float.self) }, reports
            )
          }
        }
      }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    #expect(trained[0].1 == trained[1].1)
    for (expected, found) in zip(alone, trained[0].2) {
      #expect((expected.steps, expected.timestep) == (found.steps, found.timestep))
      #expect(abs(expected.loss - found.loss) <= 1e-4 * expected.loss)
    }
    var (moved, apart): (Float, Float) = (0, 0)
    for (index, parameter) in one.student.parameters.enumerated() {
      for (place, value) in parameter.array(of: Float.self).enumerated() {
        moved = max(moved, abs(value - start[index][place]))
        apart = max(apart, abs(value - trained[0].1[index][place]))
      }
    }
    #expect(moved > Self.tolerance)
    #expect(apart < Self.tolerance, "\(apart), moved \(moved)")
  }

  /// Runs `body` on a thread of its own, which may wait for another.
  private static func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
  }
}
