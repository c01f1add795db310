import Foundation
import Kernels
import Testing

@Suite struct ParallelTests {
  @Test("every index is visited exactly once", arguments: [0, 1, 2, 7, 64, 1023])
  func visitsEachIndexOnce(count: Int) {
    for grain in [1, 3, 64, 5000] {
      let visits = UnsafeMutablePointer<UInt8>.allocate(capacity: count + 1)
      defer { visits.deallocate() }
      visits.initialize(repeating: 0, count: count + 1)
      Parallel.forEach(count: count, grain: grain) { range in
        for index in range { visits[index] += 1 }
      }
      #expect((0..<count).allSatisfy { visits[$0] == 1 })
    }
  }

  @Test("a loop inside a loop runs every index")
  func nests() {
    let visits = UnsafeMutablePointer<UInt8>.allocate(capacity: 100)
    defer { visits.deallocate() }
    visits.initialize(repeating: 0, count: 100)
    Parallel.forEachIndex(count: 10) { outer in
      Parallel.forEachIndex(count: 10) { inner in visits[outer * 10 + inner] += 1 }
    }
    #expect((0..<100).allSatisfy { visits[$0] == 1 })
  }

  @Test("loops from several threads at once do not disturb one another")
  func concurrentCallers() async {
    await withTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask {
          var total = 0
          for round in 0..<200 {
            let count = 1 + (task * 31 + round) % 97
            let sums = UnsafeMutablePointer<Int>.allocate(capacity: count)
            defer { sums.deallocate() }
            Parallel.forEachIndex(count: count) { sums[$0] = $0 }
            total += (0..<count).reduce(0) { $0 + sums[$1] } - count * (count - 1) / 2
          }
          return total
        }
      }
      for await difference in group { #expect(difference == 0) }
    }
  }

  @Test("a forced instruction set reaches the loop's helpers")
  func forcedInstructionSetReachesHelpers() throws {
    for isa in InstructionSet.supported {
      let seen = UnsafeMutablePointer<Bool>.allocate(capacity: 64)
      defer { seen.deallocate() }
      isa.forced {
        Parallel.forEachIndex(count: 64) { seen[$0] = (try? InstructionSet.current) == isa }
      }
      #expect((0..<64).allSatisfy { seen[$0] })
    }
  }
}
