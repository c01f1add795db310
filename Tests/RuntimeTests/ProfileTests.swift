import FileIO
import ModelGraph
import Runtime
import Tensors
import Testing

@Suite("Profiles of runs")
struct ProfileTests {
  /// y = relu(x · w) + x.
  private func graph() throws -> Graph {
    var builder = GraphBuilder(name: "small")
    let x = builder.input("x", .float32, [.symbol("batch"), .fixed(4)])
    let w = builder.constant(try Tensor([Float](repeating: 0.5, count: 16), [4, 4]))
    let product = builder.add("MatMul", [x, w])
    let sum = builder.add("Add", [builder.add("Relu", [product]), x])
    builder.output(sum, as: "y", .float32, nil)
    return builder.graph
  }

  private func profile(runs: Int) throws -> ExecutionProfile {
    let session = try Session(graph: try graph(), weights: TensorSet([]))
    let profile = ExecutionProfile()
    for _ in 0..<runs {
      _ = try session.run(
        ["x": try Tensor([Float](repeating: 1, count: 12), [3, 4])], observer: profile)
    }
    return profile
  }

  @Test("every step of every run is told once, with its outputs, and totals add up")
  func totals() throws {
    let profile = try profile(runs: 3)
    #expect(profile.events.count % 3 == 0 && profile.events.count >= 9)
    #expect(profile.events.allSatisfy { $0.ownDuration <= $0.duration })
    #expect(profile.events.first?.outputs == "float32 [3, 4]")
    #expect(profile.operatorTotals.allSatisfy { $0.count % 3 == 0 })
    #expect(profile.operatorTotals.reduce(0) { $0 + $1.duration } == profile.duration)
    #expect(profile.nodeTotals.reduce(0) { $0 + $1.duration } == profile.duration)
    let durations = profile.operatorTotals.map(\.duration)
    #expect(durations == durations.sorted(by: >))
  }

  @Test("a loop's own time leaves out the steps of its body")
  func nested() throws {
    var body = GraphBuilder(name: "body")
    let step = body.input("i", .int64, [])
    let keep = body.input("keep", .bool, [])
    let value = body.input("v", .float32, [.fixed(1)])
    body.output(body.add("Identity", [keep]), as: "keep.out", .bool, [])
    body.output(body.add("Exp", [value]), as: "v.out", .float32, [.fixed(1)])
    _ = step
    var builder = GraphBuilder(name: "looped")
    let x = builder.input("x", .float32, [.fixed(1)])
    let count = builder.constant(try Tensor(scalar: Int64(5)))
    let result = builder.add("Loop", [count, "", x], ["body": .graph(body.graph)])
    builder.output(result, as: "y", .float32, [.fixed(1)])
    let session = try Session(graph: builder.graph, weights: TensorSet([]))
    let profile = ExecutionProfile()
    _ = try session.run(["x": try Tensor([Float(0)], [1])], observer: profile)
    let loop = try #require(profile.events.first { $0.opType == "Loop" })
    let exponentials = profile.events.filter { $0.opType == "Exp" }
    #expect(exponentials.count == 5)
    let inside = exponentials.reduce(0) { $0 + $1.duration }
    #expect(loop.ownDuration + inside <= loop.duration)
  }

  @Test("the Chrome trace is JSON of complete events that start at 0 and name node and outputs")
  func trace() throws {
    let profile = try profile(runs: 1)
    let json = try JSONParser().parse(JSONWriter.bytes(ChromeTrace.json(profile.events)))
    let events = try #require(json["traceEvents"]?.elements)
    #expect(events.count == profile.events.count)
    #expect(events.compactMap { $0["ts"]?.double }.min() == 0)
    for event in events {
      #expect(event["ph"]?.string == "X")
      #expect((event["dur"]?.double ?? -1) >= 0)
      #expect(event["args"]?["node"]?.string?.isEmpty == false)
    }
  }
}

@Suite("Counting operations")
struct OperationCountTests {
  @Test("products, convolutions and attention count by their definitions")
  func definitions() throws {
    var builder = GraphBuilder(name: "counted")
    let x = builder.input("x", .float32, [.symbol("n"), .fixed(4), .fixed(8), .fixed(8)])
    let w = builder.constant(try Tensor([Float](repeating: 1, count: 6 * 2 * 9), [6, 2, 3, 3]))
    let y = builder.add("Conv", [x, w], ["group": .int(2), "pads": .ints([1, 1, 1, 1])])
    let up = builder.constant(try Tensor([Float](repeating: 1, count: 6 * 3 * 4), [6, 3, 2, 2]))
    let z = builder.add("ConvTranspose", [y, up], ["strides": .ints([2, 2])])
    let b = builder.constant(try Tensor([Float](repeating: 1, count: 16 * 5), [16, 5]))
    let product = builder.add("MatMul", [z, b])
    builder.output(product, as: "out", .float32, nil)
    let input = try Tensor([Float](repeating: 1, count: 2 * 4 * 64), [2, 4, 8, 8])
    let count = try OperationCount(
      builder.graph, weights: TensorSet([]), inputs: ["x": input])
    let conv = 2.0 * Double(2 * 6 * 64) * Double(2 * 9)
    let transposed = 2.0 * Double(2 * 6 * 64) * Double(3 * 4)
    let matrix = 2.0 * Double(2 * 3 * 16 * 5) * 16
    #expect(count.operations == conv + transposed + matrix)
    #expect(count.unknownNodes == 0)
  }

  @Test("attention counts both products over all keys")
  func attention() throws {
    var builder = GraphBuilder(name: "attention")
    let q = builder.input("q", .float32, [.fixed(1), .fixed(2), .fixed(10), .fixed(4)])
    let k = builder.input("k", .float32, [.fixed(1), .fixed(2), .fixed(7), .fixed(4)])
    let v = builder.input("v", .float32, [.fixed(1), .fixed(2), .fixed(7), .fixed(3)])
    builder.output(builder.add("Attention", [q, k, v]), as: "y", .float32, nil)
    func zeros(_ shape: Shape) throws -> Tensor {
      try Tensor([Float](repeating: 0, count: shape.elementCount), shape)
    }
    let count = try OperationCount(
      builder.graph, weights: TensorSet([]),
      inputs: [
        "q": zeros([1, 2, 10, 4]), "k": zeros([1, 2, 7, 4]), "v": zeros([1, 2, 7, 3]),
      ])
    let expected: Double = 2 * 2 * 10 * 7 * 7
    #expect(count.operations == expected)
  }
}
