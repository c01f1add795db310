import FileIO
import ModelGraph
import Operators
import Tensors

/// Resize that repeats each pixel of an image a whole number of times, then Conv with 3 × 3 windows:
/// the Conv reads the small image.
struct NearestUpsampling: GraphRewrite {
  static let name = "nearest-upsampling"
  static let summary = "Conv reads the image before a Resize that repeats its pixels"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard var node = graph.nodes[index], node.isConvolutionByNine(in: graph),
        node.attributes["repeats"] == nil,
        let (resizeIndex, resize) = graph.producer(of: node.inputs[0], "Resize"),
        graph.onlyReader(of: node.inputs[0])?.index == index,
        let repeats = try Self.repeats(of: resize, in: graph)
      else { continue }
      node.inputs[0] = resize.inputs[0]
      node.domain = FusedOperators.domain
      node.attributes["repeats"] = .int(Int64(repeats))
      graph.replace([resizeIndex, index], by: node)
    }
  }

  private static let limit = 16

  /// How often `resize` repeats each pixel in both directions of `[N, C, H, W]`; nil where it does
  /// anything else.
  private static func repeats(of resize: Node, in graph: RewritableGraph) throws -> Int? {
    guard graph.isFloat32(resize.inputs[0]), graph.type(of: resize.inputs[0]).rank == 4,
      let repeats = try factor(of: resize, in: graph), (2...limit).contains(repeats),
      resize.text("mode", default: "nearest") == "nearest", resize.repeatsPixels(repeats)
    else { return nil }
    return repeats
  }

  private static func factor(of resize: Node, in graph: RewritableGraph) throws -> Int? {
    let scales = resize.inputs.count > 2 ? resize.inputs[2] : ""
    let factors =
      scales.isEmpty
      ? extentRatios(of: resize, in: graph)
      : try graph.constant(scales).flatMap { try Self.factors($0, axes: resize.attributes["axes"]) }
    guard let factors, factors.count == 4, factors.prefix(2) == [1, 1], factors[2] == factors[3]
    else { return nil }
    return Int(exactly: factors[2])
  }

  /// The scales of all four axes, where they are given for those.
  private static func factors(_ scales: Tensor, axes: AttributeValue?) throws -> [Double]? {
    guard scales.dtype == .float32, scales.shape.rank == 1 else { return nil }
    let given = scales.array(of: Float.self).map(Double.init)
    switch axes {
    case nil: return given
    case .ints([2, 3])?: return [1, 1] + given
    default: return nil
    }
  }

  /// What the extents are multiplied by, where all are known.
  private static func extentRatios(of resize: Node, in graph: RewritableGraph) -> [Double]? {
    guard let small = graph.type(of: resize.inputs[0]).shape,
      let large = graph.type(of: resize.outputs[0]).shape, small.rank == large.rank,
      small.dimensions.allSatisfy({ $0 > 0 })
    else { return nil }
    return zip(large.dimensions, small.dimensions).map { Double($0) / Double($1) }
  }
}

extension Node {
  /// A text attribute, `fallback` where it is not stated.
  fileprivate func text(_ name: String, default fallback: String) -> String {
    guard case .string(let bytes)? = attributes[name] else { return fallback }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether the nearest pixel of result x is always pixel x / `count`, rounded down.
  fileprivate func repeatsPixels(_ count: Int) -> Bool {
    let coordinates = text("coordinate_transformation_mode", default: "half_pixel")
    let rounding = text("nearest_mode", default: "round_prefer_floor")
    switch coordinates {
    // x / count: its fraction is at most 1 - 1 / count.
    case "asymmetric":
      return rounding == "floor" || rounding == "round_prefer_floor" && count == 2
    // (x + ½) / count - ½ lies less than ½ beside the pixel.
    case "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric":
      return rounding.hasPrefix("round_prefer")
    default: return false
    }
  }
}
