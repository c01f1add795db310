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
}

/// Rounds fp32 weights to integers.
///
/// A scale covers the range of its elements: symmetric, scale = max |x| / 127; asymmetric,
/// scale = (max(x, 0) − min(x, 0)) / 255 with the zero point that makes 0 exact. An element becomes
/// saturate(round(x / scale) + zeroPoint), rounded half to even (ONNX QuantizeLinear). Elements
/// that are all zero get scale 1.
struct WeightQuantizer: Sendable {
  let scheme: IntegerScheme

  /// Quantizes finite elements.
  func quantize(
    _ source: UnsafePointer<Float>, _ shape: Shape, _ granularity: Granularity
  ) throws -> QuantizedWeight {
    let layout = ScaleLayout(shape: shape, granularity: granularity)
    let ranges = ElementRanges(source, layout)
    let parameters = ranges.map(parameters)
    let values = try Tensor(uninitialized: scheme.dtype, shape)
    let deviation = fill(values.mutablePointer(as: Int8.self), source, layout, parameters)
    let zeroPoint = scheme.isSymmetric ? nil : try zeroPointTensor(parameters, layout)
    return QuantizedWeight(
      values: values, scale: try Tensor(parameters.map(\.scale), layout.scaleShape),
      zeroPoint: zeroPoint, deviation: deviation)
  }

  private func zeroPointTensor(_ parameters: [Parameters], _ layout: ScaleLayout) throws -> Tensor {
    try Tensor(parameters.map { Int8($0.zeroPoint) }, layout.scaleShape)
      .bitCast(to: scheme.dtype)
  }
}

extension WeightQuantizer {
  struct Parameters: Sendable {
    let scale: Float
    let zeroPoint: Float
  }

  private func parameters(_ range: ElementRanges.Range) -> Parameters {
    if scheme.isSymmetric {
      let scale = max(-range.lowest, range.highest) / Float(scheme.maximum)
      return Parameters(scale: usable(scale), zeroPoint: 0)
    }
    let lowest = min(range.lowest, 0)
    let highest = max(range.highest, 0)
    // Half the range at a time, so that the largest floats do not overflow.
    let steps = Float(scheme.maximum - scheme.minimum)
    let scale = usable(highest / steps - lowest / steps)
    let zeroPoint = (Float(scheme.minimum) - lowest / scale).rounded(.toNearestOrEven)
    return Parameters(
      scale: scale,
      zeroPoint: min(max(zeroPoint, Float(scheme.minimum)), Float(scheme.maximum)))
  }

  /// A scale that can be divided by: 1 in place of zero.
  private func usable(_ scale: Float) -> Float { scale > 0 ? scale : 1 }

  private func fill(
    _ target: UnsafeMutablePointer<Int8>, _ source: UnsafePointer<Float>, _ layout: ScaleLayout,
    _ parameters: [Parameters]
  ) -> WeightDeviation {
    var total = DeviationSum()
    let lowest = Float(scheme.minimum)
    let highest = Float(scheme.maximum)
    parameters.withUnsafeBufferPointer { parameters in
      for row in 0..<layout.rowCount {
        let start = row * layout.inner
        let first = layout.firstScale(row: row)
        for index in 0..<layout.inner {
          let parameter = parameters[layout.isBlocked ? first + index : first]
          let value = source[start + index]
          let rounded = (value / parameter.scale).rounded(.toNearestOrEven) + parameter.zeroPoint
          let integer = min(max(rounded, lowest), highest)
          target[start + index] = Int8(integer)
          total.add(value, (integer - parameter.zeroPoint) * parameter.scale)
        }
      }
    }
    return total.deviation
  }
}

/// The smallest and largest element under each scale.
struct ElementRanges: Sendable {
  struct Range: Sendable {
    var lowest: Float
    var highest: Float
  }

  private var ranges: [Range]

  init(_ source: UnsafePointer<Float>, _ layout: ScaleLayout) {
    ranges = [Range](
      repeating: Range(lowest: .infinity, highest: -.infinity), count: layout.scaleCount)
    ranges.withUnsafeMutableBufferPointer { ranges in
      for row in 0..<layout.rowCount {
        let start = row * layout.inner
        let first = layout.firstScale(row: row)
        if layout.isBlocked {
          for index in 0..<layout.inner {
            ranges[first + index].include(source[start + index])
          }
        } else {
          var range = ranges[first]
          for index in 0..<layout.inner { range.include(source[start + index]) }
          ranges[first] = range
        }
      }
    }
  }

  func map<Result>(_ transform: (Range) -> Result) -> [Result] { ranges.map(transform) }
}

extension ElementRanges.Range {
  @inline(__always)
  fileprivate mutating func include(_ value: Float) {
    lowest = value < lowest ? value : lowest
    highest = value > highest ? value : highest
  }
}

/// Sums up how far values are from the originals.
struct DeviationSum {
  private var maximum: Float = 0
  private var squaredError = 0.0
  private var squaredNorm = 0.0
  private var underflowCount = 0
  var saturatedCount = 0

  @inline(__always)
  mutating func add(_ original: Float, _ stored: Float) {
    let difference = abs(original - stored)
    maximum = max(maximum, difference)
    squaredError += Double(difference) * Double(difference)
    squaredNorm += Double(original) * Double(original)
    if stored == 0, original != 0 { underflowCount += 1 }
  }

  var deviation: WeightDeviation {
    WeightDeviation(
      maximumError: Double(maximum),
      relativeL2: squaredNorm > 0 ? (squaredError / squaredNorm).squareRoot() : 0,
      underflowCount: underflowCount, saturatedCount: saturatedCount)
  }
}
