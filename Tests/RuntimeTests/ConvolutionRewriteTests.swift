import ModelGraph
import Runtime
import Tensors
import Testing

@Suite struct ConvolutionRewriteTests {
  /// Winograd's sums are rounded otherwise than the plain ones; see WinogradTests.
  private static let tolerance = 5e-6
  /// Where only the place of an operation changes.
  private static let exact = 1e-30

  private func convolution(
    _ b: inout GraphBuilder, _ x: String, channels: Int = 16,
    _ attributes: [String: AttributeValue] = ["pads": .ints([1, 1, 1, 1])]
  ) throws -> String {
    let weight = b.constant(try noise([20, channels, 3, 3], seed: 11))
    return b.add("Conv", [x, weight, b.constant(try noise([20], seed: 12))], attributes)
  }

  private func image(_ b: inout GraphBuilder, _ extents: [Dimension]? = nil) -> String {
    b.input(
      "x", .float32, extents ?? [.symbol("n"), .fixed(16), .symbol("h"), .symbol("w")])
  }

  @Test func convolutionsByNineAgreeWithThePlainOnes() throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let y = b.add("Relu", [try convolution(&b, x)])
    let inputs = ["x": try noise([2, 16, 33, 40])]
    let run = try FusedAndUnfused(b.finished(y), inputs: inputs)
    #expect(run.operators == ["imgconv.fused.Conv", "Identity"])
    #expect(run.relativeError < Self.tolerance && run.relativeError > 0)
    let without = try FusedAndUnfused(b.finished(y), inputs: inputs, omitting: ["winograd"])
    #expect(without.relativeError < Self.exact)
  }

  @Test(arguments: ["strides", "dilations", "group"])
  func otherConvolutionsStay(attribute: String) throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let value: AttributeValue = attribute == "group" ? .int(2) : .ints([2, 2])
    let y = try convolution(
      &b, x, channels: attribute == "group" ? 8 : 16, [attribute: value])
    let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([1, 16, 33, 40])])
    #expect(run.operators == ["Conv", "Identity"])
    #expect(run.relativeError < Self.exact)
  }

  /// What tells a Resize how to find the nearest pixel, and whether all of them repeat pixels.
  private static let nearest: [(coordinates: String, rounding: String, factor: Int, fuses: Bool)] =
    [
      ("asymmetric", "floor", 2, true), ("asymmetric", "floor", 3, true),
      ("asymmetric", "round_prefer_floor", 2, true), ("asymmetric", "round_prefer_floor", 3, false),
      ("asymmetric", "round_prefer_ceil", 2, false), ("asymmetric", "ceil", 2, false),
      ("half_pixel", "round_prefer_floor", 2, true), ("half_pixel", "round_prefer_ceil", 4, true),
      ("half_pixel", "floor", 2, false), ("pytorch_half_pixel", "round_prefer_floor", 2, true),
      ("half_pixel_symmetric", "round_prefer_floor", 2, true),
      ("align_corners", "round_prefer_floor", 2, false), ("asymmetric", "floor", 17, false),
    ]

  @Test func convolutionsReadTheImageBeforeItsPixelsAreRepeated() throws {
    for (coordinates, rounding, factor, fuses) in Self.nearest {
      let run = try resized(
        .text(coordinates), .text(rounding), try Tensor([1, 1, Float(factor), Float(factor)], [4]))
      let expected = ["imgconv.fused.Conv", "Identity"]
      #expect(
        run.operators == (fuses ? expected : ["Resize"] + expected),
        "\(coordinates), \(rounding), \(factor)")
      #expect(run.relativeError < Self.tolerance, "\(coordinates), \(rounding), \(factor)")
    }
  }

  @Test(
    arguments: [[1, 1, 2, 3], [1, 1, 1.5, 1.5], [2, 1, 2, 2], [1, 1, 0.5, 0.5]] as [[Float]])
  func otherScalesStay(scales: [Float]) throws {
    let run = try resized(.text("asymmetric"), .text("floor"), try Tensor(scales, [4]))
    #expect(run.operators == ["Resize", "imgconv.fused.Conv", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  private func resized(
    _ coordinates: AttributeValue, _ rounding: AttributeValue, _ scales: Tensor
  ) throws -> FusedAndUnfused {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let large = b.add(
      "Resize", [x, "", b.constant(scales)],
      [
        "mode": .text("nearest"), "coordinate_transformation_mode": coordinates,
        "nearest_mode": rounding,
      ])
    let y = try convolution(&b, large)
    return try FusedAndUnfused(b.finished(y), inputs: ["x": noise([1, 16, 12, 13])])
  }

  @Test func sizesCountWhereTheExtentsAreKnown() throws {
    for isKnown in [true, false] {
      var b = GraphBuilder(name: "g")
      let height: Dimension = isKnown ? .fixed(10) : .symbol("h")
      let x = image(&b, [.fixed(1), .fixed(16), height, .fixed(11)])
      let sizes = b.constant(try Tensor([1, 16, 20, 22] as [Int64], [4]))
      let large = b.add(
        "Resize", [x, "", "", sizes], ["coordinate_transformation_mode": .text("half_pixel")])
      let y = try convolution(&b, large)
      let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([1, 16, 10, 11])])
      #expect(run.operators.contains("Resize") != isKnown)
      #expect(run.relativeError < Self.tolerance)
    }
  }

  @Test func anEnlargedImageThatOthersReadStays() throws {
    var b = GraphBuilder(name: "g")
    let x = image(&b)
    let large = b.add("Resize", [x, "", b.constant(try Tensor([1, 1, 2, 2] as [Float], [4]))])
    let y = try convolution(&b, large)
    b.output(large, as: large, .float32, nil)
    let run = try FusedAndUnfused(b.finished(y), inputs: ["x": noise([1, 16, 12, 13])])
    #expect(run.operators == ["Resize", "imgconv.fused.Conv", "Identity"])
  }
}
