import Kernels
import ModelGraph
import Tensors

/// A weight as integers, scales and zero points.
struct QuantizedWeight: Sendable {
  /// The integers, of the weight's shape.
  let values: Tensor
  /// The scales, fp32.
  let scale: Tensor
  /// The zero points, of the integers' type and the scales' shape; nil for a symmetric scheme.
  let zeroPoint: Tensor?
  /// How far the integers are from the original.
  let deviation: WeightDeviation
  /// What the products with this weight lack on average, for each output channel; nil where it is
  /// not known.
  let outputShift: [Float]?
}

/// Turns fp32 weights into integers.
///
/// Each scale covers a range of its elements (`IntegerRange.parameters`): the whole, or the one with
/// the least squared error. An element becomes saturate(round(x / scale) + zeroPoint), rounded half
/// to even (ONNX QuantizeLinear); with second-order rounding, x is first made up for the errors of
/// other elements. Elements that are all zero get scale 1.
struct WeightQuantizer: Sendable {
  let scheme: IntegerScheme
  var settings = RoundingSettings.plain

  /// Quantizes finite elements.
  ///
  /// - Parameter moments: the second moments of the inputs that the weight is multiplied by; nil
  ///   where they are not known, and elements are rounded to the nearest.
  func quantize(
    _ source: UnsafePointer<Float>, _ shape: Shape, _ granularity: Granularity,
    moments: LayerMoments? = nil
  ) throws -> QuantizedWeight {
    let layout = ScaleLayout(shape: shape, granularity: granularity)
    let parameters = parameters(source, shape, layout, moments)
    let values = try Tensor(uninitialized: scheme.dtype, shape)
    let target = values.mutablePointer(as: Int8.self)
    let grid = WeightGrid(
      layout: layout, parameters: parameters, lowest: scheme.minimum, highest: scheme.maximum,
      isClipped: settings.range != .minMax)
    grid.round(source, into: target)
    if settings.rounding == .secondOrder, let moments {
      try SecondOrderRounder(
        moments: moments, integers: scheme.integers, layout: layout, parameters: parameters
      ).round(source, into: target)
    }
    let shift = moments?.outputShift(source) { grid.real(target[$0], at: $0) }
    let zeroPoint =
      scheme.isSymmetric ? nil : try scheme.zeroPoints(parameters, layout.scaleShape)
    return QuantizedWeight(
      values: values, scale: try Tensor(parameters.map(\.scale), layout.scaleShape),
      zeroPoint: zeroPoint, deviation: grid.deviationSum(source, target).deviation,
      outputShift: shift)
  }

  private func parameters(
    _ source: UnsafePointer<Float>, _ shape: Shape, _ layout: ScaleLayout,
    _ moments: LayerMoments?
  ) -> [ScaleParameters] {
    let search = ScaleSearch(integers: scheme.integers, layout: layout)
    guard settings.range == .meanSquare else { return search.covering(source) }
    guard let importance = moments?.importance(elementCount: shape.elementCount) else {
      return search.leastError(source, importance: nil)
    }
    return importance.withUnsafeBufferPointer {
      search.leastError(source, importance: $0.baseAddress)
    }
  }
}

extension IntegerScheme {
  /// The zero points of `parameters` as they are stored.
  func zeroPoints(_ parameters: [ScaleParameters], _ shape: Shape) throws -> Tensor {
    try Tensor(parameters.map { Int8(clamping: $0.zeroPoint) }, shape).bitCast(to: dtype)
  }

  /// The integers used.
  var integers: IntegerRange {
    IntegerRange(lowest: minimum, highest: maximum, isSymmetric: isSymmetric)
  }
}
