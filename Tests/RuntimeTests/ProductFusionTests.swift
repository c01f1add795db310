import ModelGraph
import Runtime
import Tensors
import Testing

@Suite struct ProductFusionTests {
  /// The sums are the same; what follows rounds in the same places or once less.
  private static let tolerance = 2e-6

  private func convolution(
    _ b: inout GraphBuilder, _ x: String, channels: Int = 5, outputs: Int = 7, kernel: Int = 3
  ) throws -> String {
    let weight = b.constant(try noise([outputs, channels, kernel, kernel], seed: 11))
    let bias = b.constant(try noise([outputs], seed: 12))
    let pad = Int64(kernel / 2)
    return b.add("Conv", [x, weight, bias], ["pads": .ints([pad, pad, pad, pad])])
  }

  private func image(_ b: inout GraphBuilder, _ name: String = "x", channels: Int = 5) -> String {
    b.input(
      name, .float32, [.symbol("n"), .fixed(channels), .symbol("h"), .symbol("w")])
  }

  @Test(arguments: ["Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Gelu", "Swish"])
  func convolutionsTakeActivationsAlong(activation: String) throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let y = b.add(activation, [try convolution(&b, x)])
    let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([2, 5, 9, 11])])
    #expect(run.operators == ["imgconv.fused.Conv", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  @Test(arguments: [[2, 7, 9, 11], [2, 7, 1, 1], [1, 7, 1, 1], [1, 1, 1, 11], [1]])
  func convolutionsTakeWhatIsAddedAlong(shape: [Int]) throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let r = b.input("r", .float32, shape.map { _ in .unknown })
    let made = try convolution(&b, x)
    let y = b.add("Relu", [b.add("Add", [r, made])])
    let run = try FusedAndUnfused(
      b.finished(y), inputs: ["x": noise([2, 5, 9, 11]), "r": noise(Shape(shape), seed: 3)])
    #expect(run.operators == ["imgconv.fused.Conv", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  @Test func whatIsAddedMayBeLarger() throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let r = b.input("r", .float32, [.unknown, .unknown, .unknown, .unknown, .unknown])
    let made = try convolution(&b, x, kernel: 1)
    let y = b.add("Add", [made, r])
    let run = try FusedAndUnfused(
      b.finished(y), inputs: ["x": noise([1, 5, 1, 4]), "r": noise([2, 1, 7, 3, 4], seed: 3)])
    #expect(run.operators == ["imgconv.fused.Conv", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  @Test func aConvolutionThatIsAnOutputStays() throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let made = try convolution(&b, x)
    let y = b.add("Relu", [made])
    b.output(made, as: made, .float32, nil)
    let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([1, 5, 4, 4])])
    #expect(run.operators == ["imgconv.fused.Conv", "Relu", "Identity"])
  }

  @Test(arguments: [true, false], [true, false])
  func productsTakeBiasResidualAndActivation(hasBias: Bool, hasResidual: Bool) throws {
    var b = GraphBuilder(name: "g")
    let x = b.input("x", .float32, [.symbol("n"), .symbol("l"), .fixed(19)])
    let r = b.input("r", .float32, [.symbol("n"), .symbol("l"), .fixed(37)])
    var y = b.add("MatMul", [x, b.constant(try noise([19, 37], seed: 2))])
    if hasBias { y = b.add("Add", [b.constant(try noise([37], seed: 3)), y]) }
    if hasResidual { y = b.add("Add", [y, r]) }
    y = b.add("Gelu", [y])
    let run = try FusedAndUnfused(
      b.finished(y), inputs: ["x": noise([2, 13, 19]), "r": noise([2, 13, 37], seed: 5)])
    #expect(run.operators == ["imgconv.fused.MatMul", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  @Test(arguments: [true, false]) func halvesAreGated(isSplit: Bool) throws {
    var b = GraphBuilder(name: "g")
    let x = b.input("x", .float32, [.symbol("n"), .symbol("l"), .fixed(26)])
    var halves: [String] = []
    if isSplit {
      halves = b.add("Split", [x], outputCount: 2, ["axis": .int(-1), "num_outputs": .int(2)])
    } else {
      let axis = b.constant(try Tensor([Int64(2)]))
      for (first, last) in [(Int64(0), Int64(13)), (13, .max)] {
        let bounds = [try Tensor([first]), try Tensor([last])].map { b.constant($0) }
        halves.append(b.add("Slice", [x] + bounds + [axis]))
      }
    }
    let gate = b.add("Gelu", [halves[1]])
    let y = b.add("Mul", [halves[0], gate])
    let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([2, 5, 26])])
    #expect(run.operators == ["imgconv.fused.GatedGelu", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }
}
