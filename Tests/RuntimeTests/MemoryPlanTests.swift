import ModelGraph
import Runtime
import Tensors
import Testing

@Suite struct MemoryPlanTests {
  private typealias Block = MemoryPlan.Block

  private func bytes(_ plan: MemoryPlan, _ index: Int, _ block: Block) -> Range<Int> {
    plan.offsets[index]..<plan.offsets[index] + block.byteCount
  }

  @Test("blocks that live at once never share bytes, and no plan is below what lives at once")
  func disjoint() {
    var state: UInt64 = 7
    func draw(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    for _ in 0..<50 {
      let blocks = (0..<40).map { _ -> Block in
        let first = draw(30)
        return Block(byteCount: draw(1000), steps: first...first + draw(8))
      }
      let plan = MemoryPlan(blocks)
      #expect(plan.byteCount >= plan.leastByteCount)
      for (i, a) in blocks.enumerated() {
        #expect(plan.offsets[i] % MemoryPlan.alignment == 0)
        #expect(bytes(plan, i, a).upperBound <= plan.byteCount || a.byteCount == 0)
        for (j, b) in blocks.enumerated() where j < i && a.steps.overlaps(b.steps) {
          #expect(!bytes(plan, i, a).overlaps(bytes(plan, j, b)))
        }
      }
    }
  }

  @Test("a chain takes two results' bytes, whatever its length")
  func chain() {
    let plan = MemoryPlan((0..<20).map { Block(byteCount: 640, steps: $0...$0 + 1) })
    #expect(plan.byteCount == 1280 && plan.leastByteCount == 1280)
  }

  @Test("no blocks take no bytes")
  func empty() {
    #expect(MemoryPlan([]).byteCount == 0 && MemoryPlan([]).leastByteCount == 0)
  }

  /// Ten convolutions after each other, the first kept to the end.
  private func network() throws -> (graph: Graph, inputs: [String: Tensor]) {
    var b = GraphBuilder(name: "g")
    let x = b.input("x", .float32, [.symbol("n"), .fixed(4), .symbol("h"), .symbol("w")])
    let first = b.add("Relu", [x])
    var y = first
    for seed in 0..<10 {
      let weight = b.constant(try noise([4, 4, 3, 3], seed: UInt64(seed + 20)))
      y = b.add("Conv", [y, weight], ["pads": .ints([1, 1, 1, 1])])
      y = b.add("Reshape", [y, b.constant(try Tensor([0, 4, -1, 1] as [Int64], [4]))])
      y = b.add("Sigmoid", [y])
      y = b.add("Reshape", [y, b.add("Shape", [x])])
    }
    let sum = b.add("Add", [y, first])
    return (b.finished(sum), ["x": try noise([2, 4, 8, 9])])
  }

  @Test("a session plans three results at once for a chain that keeps its first")
  func session() throws {
    let (graph, inputs) = try network()
    let session = try Session(graph: graph, weights: TensorSet([]))
    let plan = try #require(session.activationMemory(for: [inputs["x"]!]))
    let result = 2 * 4 * 8 * 9 * 4 + 64
    #expect((2 * result...3 * result + 200).contains(plan.byteCount))
  }

  @Test("runs with planned memory give the same bits, again and again, and in other shapes between")
  func sameBits() throws {
    let (graph, inputs) = try network()
    let other = ["x": try noise([1, 4, 5, 6], seed: 3)]
    let session = try Session(graph: graph, weights: TensorSet([]))
    let fresh = { (given: [String: Tensor]) in
      try Session(graph: graph, weights: TensorSet([])).run(given)["y"]!.array(of: Float.self)
    }
    let (expected, expectedOther) = (try fresh(inputs), try fresh(other))
    var kept: [Tensor] = []
    for _ in 0..<3 {
      kept.append(try session.run(inputs)["y"]!)
      #expect(try session.run(other)["y"]!.array(of: Float.self) == expectedOther)
    }
    for tensor in kept { #expect(tensor.array(of: Float.self) == expected) }
  }

  @Test("values that an observer keeps are not written over")
  func observedValues() throws {
    let (graph, inputs) = try network()
    let session = try Session(graph: graph, weights: TensorSet([]))
    let (first, second) = (Keeper(), Keeper())
    _ = try session.run(inputs, observer: first)
    let copies = first.values.map { $0.array(of: Float.self) }
    _ = try session.run(inputs, observer: second)
    #expect(zip(first.values, copies).allSatisfy { $0.array(of: Float.self) == $1 })
    #expect(zip(second.values, copies).allSatisfy { $0.array(of: Float.self) == $1 })
  }

  /// Keeps every fp32 value that a run makes.
  private final class Keeper: ExecutionObserver, @unchecked Sendable {
    var values: [Tensor] = []

    func willRun(_ node: Node) -> UInt64 { 0 }

    func didRun(_ node: Node, _ token: UInt64, outputs: [Tensor?]) {
      values += outputs.compactMap { $0 }.filter { $0.dtype == .float32 }
    }
  }

  @Test("two runs at once have memory of their own")
  func concurrentRuns() async throws {
    let (graph, inputs) = try network()
    let session = try Session(graph: graph, weights: TensorSet([]))
    let expected = try session.run(inputs)["y"]!.array(of: Float.self)
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<6 {
        group.addTask { try session.run(inputs)["y"]!.array(of: Float.self) }
      }
      for try await found in group { #expect(found == expected) }
    }
  }
}
