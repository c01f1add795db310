import ModelGraph
import Tensors

extension NetworkBuilder {
  /// The axes in another order.
  public func transpose(_ x: String, _ permutation: [Int]) -> String {
    add("Transpose", [x], ["perm": .ints(permutation.map(Int64.init))])
  }

  /// Another shape; 0 keeps an extent, one -1 takes what is left.
  public func reshape(_ x: String, _ dimensions: [Int]) -> String {
    add("Reshape", [x, integers(dimensions.map(Int64.init))])
  }

  /// The extents of `x` along `axes` as a vector (ONNX Shape).
  public func shape(_ x: String, _ axes: Range<Int>) -> String {
    add(
      "Shape", [x], ["start": .int(Int64(axes.lowerBound)), "end": .int(Int64(axes.upperBound))])
  }

  /// Values one after another along `axis`.
  public func concat(_ values: [String], axis: Int) -> String {
    values.count == 1 ? values[0] : add("Concat", values, ["axis": .int(Int64(axis))])
  }

  /// `count` equal parts along `axis`.
  public func split(_ x: String, into count: Int, axis: Int) -> [String] {
    add(
      "Split", [x], outputCount: count,
      ["axis": .int(Int64(axis)), "num_outputs": .int(Int64(count))])
  }

  /// Elements `range` along `axis`.
  public func slice(_ x: String, _ range: Range<Int>, axis: Int) -> String {
    add(
      "Slice",
      [
        x, integers([Int64(range.lowerBound)]), integers([Int64(range.upperBound)]),
        integers([Int64(axis)]),
      ])
  }

  /// `x` with new axes of extent 1 at `axes` of the result.
  public func unsqueeze(_ x: String, _ axes: [Int]) -> String {
    add("Unsqueeze", [x, integers(axes.map(Int64.init))])
  }

  /// `[N, C, H, W]` as tokens `[N, H · W, C]`, row by row.
  public func tokens(fromPlanes x: String, channels: Int) -> String {
    transpose(reshape(x, [0, channels, -1]), [0, 2, 1])
  }

  /// Tokens `[N, H · W, channels]` as `[N, channels, H, W]` with the extents of `planes`.
  public func planes(fromTokens x: String, channels: Int, like planes: String) -> String {
    let extents = concat(
      [shape(planes, 0..<1), integers([Int64(channels)]), shape(planes, 2..<4)], axis: 0)
    return add("Reshape", [transpose(x, [0, 2, 1]), extents])
  }

  /// `[N, C, H, W]` enlarged by a whole factor, every pixel repeated (torch nearest).
  public func enlarged(_ x: String, by factor: Int) -> String {
    let scale = Float(factor)
    return add("Resize", [x, "", reals([1, 1, scale, scale], [4])], Self.nearest)
  }

  /// `[N, C, H, W]` enlarged to the height and width of `planes`, nearest pixels taken.
  public func enlarged(_ x: String, toSizeOf planes: String) -> String {
    let sizes = concat([shape(x, 0..<2), shape(planes, 2..<4)], axis: 0)
    return add("Resize", [x, "", "", sizes], Self.nearest)
  }

  private static let nearest: [String: AttributeValue] = [
    "mode": .text("nearest"), "coordinate_transformation_mode": .text("asymmetric"),
    "nearest_mode": .text("floor"),
  ]
}
