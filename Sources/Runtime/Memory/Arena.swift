import Operators
import Synchronization
import Tensors

/// One piece of memory in which the results of a run lie where a plan says.
///
/// A plan is a proposal: a place is given out only while no tensor lies there, whatever the plan
/// took a step to do; other requests go to the allocator behind. Tensors keep the memory alive.
final class Arena: Sendable {
  private struct State {
    /// What the step that runs will ask for.
    var expected: [ActivationPlan.Place] = []
    /// The places of tensors that live, by offset.
    var living: [Int: Int] = [:]

    /// Whether a tensor lives in `place`.
    func isTaken(_ place: ActivationPlan.Place) -> Bool {
      let wanted = place.offset..<place.offset + place.byteCount + ActivationPlan.margin
      return living.contains { ($0.key..<$0.key + $0.value).overlaps(wanted) }
    }
  }

  private let plan: ActivationPlan
  private let memory: TensorBuffer
  private let fallback: any TensorAllocator
  private let state = Mutex(State())

  /// Memory for `plan`.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  init(_ plan: ActivationPlan, fallback: any TensorAllocator) throws(TensorError) {
    self.plan = plan
    self.fallback = fallback
    memory = try fallback.allocate(byteCount: plan.memory.byteCount)
  }

  /// Makes the places of what step `index` makes ready to be given out.
  func begin(step index: Int) {
    state.withLock { $0.expected = plan.places[index] }
  }

  private func give(_ byteCount: Int) -> Int? {
    state.withLock { state in
      guard
        let index = state.expected.firstIndex(where: { place in
          place.byteCount == byteCount && !state.isTaken(place)
        })
      else { return nil }
      let offset = state.expected.remove(at: index).offset
      state.living[offset] = byteCount + ActivationPlan.margin
      return offset
    }
  }

  private func takeBack(_ offset: Int) {
    state.withLock { $0.living[offset] = nil }
  }
}

extension Arena: TensorAllocator {
  func allocate(byteCount: Int) throws(TensorError) -> TensorBuffer {
    guard byteCount > 0, let offset = give(byteCount) else {
      return try fallback.allocate(byteCount: byteCount)
    }
    return TensorBuffer(base: memory.base + offset, byteCount: byteCount) { _ in
      self.takeBack(offset)
    }
  }
}
