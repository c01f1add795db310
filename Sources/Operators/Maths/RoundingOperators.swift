import Kernels
import Tensors

/// `Floor` (ai.onnx 13): the largest integer not above x. Floats.
struct FloorOperator: UnaryRealOperator {
  static let opType = "Floor"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .floor }
  func value<Real: RealElement>(at x: Real) -> Real { x.rounded(.down) }
}

/// `Ceil` (ai.onnx 13): the smallest integer not below x. Floats.
struct CeilOperator: UnaryRealOperator {
  static let opType = "Ceil"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .ceiling }
  func value<Real: RealElement>(at x: Real) -> Real { x.rounded(.up) }
}

/// `Round` (ai.onnx 22): the nearest integer, halves to even; NaN, ±0 and infinities stay. Floats.
struct RoundOperator: UnaryRealOperator {
  static let opType = "Round"
  init(_ attributes: inout AttributeReader) throws {}
  var vectorized: ElementwiseFunction? { .round }
  func value<Real: RealElement>(at x: Real) -> Real { x.rounded(.toNearestOrEven) }
}

extension FloorOperator: PiecewiseConstantOperator {}
extension CeilOperator: PiecewiseConstantOperator {}
extension RoundOperator: PiecewiseConstantOperator {}
