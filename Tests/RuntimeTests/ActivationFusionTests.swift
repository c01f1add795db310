import ModelGraph
import Runtime
import Tensors
import Testing

@Suite struct ActivationFusionTests {
  /// A few roundings apart.
  private static let tolerance = 2e-6

  private func builder() -> (GraphBuilder, String) {
    var builder = GraphBuilder(name: "g")
    let x = builder.input("x", .float32, [.symbol("n"), .fixed(37)])
    return (builder, x)
  }

  private func check(_ graph: Graph, becomes operators: [String]) throws {
    let run = try FusedAndUnfused(graph, inputs: ["x": noise([3, 37])])
    #expect(run.operators == operators)
    #expect(run.relativeError < Self.tolerance)
  }

  @Test(arguments: [false, true]) func siluBecomesSwish(isGateFirst: Bool) throws {
    var (b, x) = builder()
    let gate = b.add("Sigmoid", [x])
    let y = b.add("Mul", isGateFirst ? [gate, x] : [x, gate])
    try check(b.finished(y), becomes: ["Swish", "Identity"])
  }

  @Test func aGateThatOthersReadStays() throws {
    var (b, x) = builder()
    let gate = b.add("Sigmoid", [x])
    let y = b.add("Add", [b.add("Mul", [x, gate]), gate])
    try check(b.finished(y), becomes: ["Sigmoid", "Mul", "Add", "Identity"])
  }

  @Test(arguments: [0, 1, 2]) func erfPiecesBecomeGelu(form: Int) throws {
    var (b, x) = builder()
    let scaled =
      form == 0
      ? b.add("Div", [x, try b.number(Float(2).squareRoot())])
      : b.add("Mul", [try b.number(Float(0.5).squareRoot()), x])
    let sum = b.add("Add", [b.add("Erf", [scaled]), try b.number(1)])
    let half = try b.number(0.5)
    let y =
      switch form {
      case 0: b.add("Mul", [b.add("Mul", [x, sum]), half])
      case 1: b.add("Mul", [b.add("Mul", [half, x]), sum])
      default: b.add("Mul", [x, b.add("Mul", [sum, half])])
      }
    try check(b.finished(y), becomes: ["Gelu", "Identity"])
  }

  @Test(arguments: [false, true]) func tanhPiecesBecomeGelu(isPower: Bool) throws {
    var (b, x) = builder()
    let cube =
      isPower
      ? b.add("Pow", [x, try b.number(3)]) : b.add("Mul", [b.add("Mul", [x, x]), x])
    let term = b.add("Mul", [cube, try b.number(0.044715)])
    let slope = try b.number((2 / Float.pi).squareRoot())
    let bent = b.add("Tanh", [b.add("Mul", [slope, b.add("Add", [x, term])])])
    let bracket = b.add("Add", [try b.number(1), bent])
    let y = b.add("Mul", [b.add("Mul", [x, try b.number(0.5)]), bracket])
    try check(b.finished(y), becomes: ["Gelu", "Identity"])
  }

  @Test func anotherConstantIsNoGelu() throws {
    var (b, x) = builder()
    let sum = b.add(
      "Add", [b.add("Erf", [b.add("Div", [x, try b.number(1.5)])]), try b.number(1)])
    let y = b.add("Mul", [b.add("Mul", [x, sum]), try b.number(0.5)])
    let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([3, 37])])
    #expect(!run.operators.contains("Gelu"))
    #expect(run.relativeError == 0)
  }

  @Test func aSwitchLeavesAFusionOut() throws {
    var (b, x) = builder()
    let y = b.add("Mul", [x, b.add("Sigmoid", [x])])
    let run = try FusedAndUnfused(
      b.finished(y), inputs: ["x": noise([3, 37])], omitting: ["swish"])
    #expect(run.operators == ["Sigmoid", "Mul", "Identity"])
  }

  @Test func anUnknownNameIsRefused() {
    #expect(throws: RuntimeError.self) { try RewriteSelection(omitting: ["swisch"]) }
  }
}
