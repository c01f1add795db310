import ModelGraph
import Runtime
import Tensors
import Testing

@Suite struct AttentionFusionTests {
  /// Sums of up to 300 probabilities run in another order, and are divided by their total once.
  private static let tolerance = 5e-6
  private static let fused = "imgconv.fused.HeadAttention"

  private static let fourAxes: [Dimension] = [
    .unknown, .unknown, .unknown, .unknown,
  ]

  private func check(
    _ graph: Graph, _ inputs: [String: Tensor], _ operators: [String],
    _ comment: Comment? = nil
  ) throws {
    let run = try FusedAndUnfused(graph, inputs: inputs)
    #expect(run.operators == operators, comment)
    #expect(run.relativeError < Self.tolerance, comment)
  }

  /// Transposes of packed heads, scales on both sides as PyTorch's exporter writes them.
  @Test(arguments: [1, 31, 77, 300]) func headsOfSequencesAreFused(keys: Int) throws {
    var b = GraphBuilder(name: "g")
    let q = b.input("q", .float32, Self.fourAxes)
    let k = b.input("k", .float32, Self.fourAxes)
    let v = b.input("v", .float32, Self.fourAxes)
    func turned(_ value: String, _ order: [Int64], _ b: inout GraphBuilder) -> String {
      b.add("Transpose", [value], ["perm": .ints(order)])
    }
    let heads = turned(q, [0, 2, 1, 3], &b)
    let scale = b.constant(try Tensor([Float(0.6)]))
    let left = b.add("Mul", [heads, scale])
    let right = b.add("Mul", [turned(k, [0, 2, 3, 1], &b), scale])
    let weights = b.add("Softmax", [b.add("MatMul", [left, right])], ["axis": .int(-1)])
    let mixed = b.add("MatMul", [weights, turned(v, [0, 2, 1, 3], &b)])
    let y = turned(mixed, [0, 2, 1, 3], &b)
    try check(
      b.finished(y),
      [
        "q": noise([2, 50, 3, 20], seed: 1), "k": noise([2, keys, 3, 20], seed: 2),
        "v": noise([2, keys, 3, 9], seed: 3),
      ], [Self.fused, "Identity"])
  }

  /// A scale computed from an extent of a transposed value, as PyTorch's older exporter writes it.
  @Test func aScaleFromAnExtentIsTakenAlong() throws {
    var b = GraphBuilder(name: "g")
    let q = b.input("q", .float32, Self.fourAxes)
    let k = b.input("k", .float32, Self.fourAxes)
    let heads = b.add("Transpose", [q], ["perm": .ints([0, 2, 1, 3])])
    let last = b.add(
      "Slice",
      [
        b.add("Shape", [heads]), b.constant(try Tensor([Int64(-1)])),
        b.constant(try Tensor([Int64.max])),
      ])
    let size = b.add("Cast", [last], ["to": .int(1)])
    let root = b.add("Sqrt", [b.add("Sqrt", [b.add("Reciprocal", [size])])])
    let left = b.add("Mul", [heads, root])
    let turned = b.add("Transpose", [k], ["perm": .ints([0, 2, 3, 1])])
    let right = b.add("Mul", [turned, root])
    let weights = b.add("Softmax", [b.add("MatMul", [left, right])], ["axis": .int(3)])
    let values = b.add("Transpose", [k], ["perm": .ints([0, 2, 1, 3])])
    let y = b.add("MatMul", [weights, values])
    let run = try FusedAndUnfused(
      b.finished(y),
      inputs: ["q": noise([1, 40, 2, 16], seed: 4), "k": noise([1, 33, 2, 16], seed: 5)])
    #expect(run.operators.contains(Self.fused) && !run.operators.contains("Transpose"))
    #expect(run.relativeError < Self.tolerance)
  }

  @Test func oneHeadOfKeysIsStretchedOverTheQueries() throws {
    var b = GraphBuilder(name: "g")
    let q = b.input("q", .float32, Self.fourAxes)
    let k = b.input("k", .float32, Self.fourAxes)
    let turned = b.add("Transpose", [k], ["perm": .ints([0, 1, 3, 2])])
    let scores = b.add("Div", [b.add("MatMul", [q, turned]), try b.number(3)])
    let weights = b.add("Softmax", [scores])
    let y = b.add("MatMul", [weights, k])
    try check(
      b.finished(y),
      ["q": noise([2, 4, 35, 8], seed: 6), "k": noise([1, 1, 21, 8], seed: 7)],
      [Self.fused, "Identity"])
  }

  @Test func scoresThatOthersReadStay() throws {
    var b = GraphBuilder(name: "g")
    let q = b.input("q", .float32, Self.fourAxes)
    let turned = b.add("Transpose", [q], ["perm": .ints([0, 1, 3, 2])])
    let weights = b.add("Softmax", [b.add("MatMul", [q, turned])])
    let sum = b.add("ReduceSum", [weights])
    let y = b.add("Add", [b.add("MatMul", [weights, q]), sum])
    let run = try FusedAndUnfused(
      b.finished(y), inputs: ["q": noise([1, 2, 9, 8], seed: 8)])
    #expect(!run.operators.contains(Self.fused))
    #expect(run.relativeError < Self.tolerance)
  }
}
