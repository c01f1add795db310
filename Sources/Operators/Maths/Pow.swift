import Foundation
import Kernels
import ModelGraph
import Tensors

/// `Pow` (ai.onnx 15): X to the power of Y, broadcast, in X's type.
///
/// X holds floats, int32 or int64; Y numbers of any type. Integers to integer powers wrap, and give
/// 0 for negative powers of anything but ±1; integers to real powers are computed in Double and
/// rounded toward zero.
struct PowOperator: Operator {
  static let opType = "Pow"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.broadcastType()] }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.computingInFloat { context in
      let (x, y) = (try context.input(0, "X"), try context.input(1, "Y"))
      let broadcast = try Broadcast([x.shape, y.shape])
      let output = try context.allocate(reusing: [0], x.dtype, broadcast.shape)
      switch x.dtype {
      case .float32: power(broadcast, x, try y.converted(to: .float32), output)
      case .float64:
        let exponents = try y.converted(to: .float64)
        combineElements(
          broadcast, x.pointer(as: Double.self), exponents.pointer(), into: output.mutablePointer(),
          Foundation.pow)
      case .int32: try power(broadcast, x, y, output, as: Int32.self)
      case .int64: try power(broadcast, x, y, output, as: Int64.self)
      default:
        throw OperatorError.inputType(
          index: 0, expected: "floats, int32 or int64", found: x.dtype)
      }
      return [output]
    }
  }

  private func power(_ broadcast: Broadcast, _ x: Tensor, _ y: Tensor, _ output: Tensor) {
    if y.elementCount == 1, y.pointer(as: Float.self)[0] == 2 {
      VectorMath.apply(.square, x.pointer(), output.mutablePointer(), count: x.elementCount)
    } else {
      combineFloats(broadcast, .power, x, y, output)
    }
  }

  private func power<Integer: NumberElement & FixedWidthInteger>(
    _ broadcast: Broadcast, _ x: Tensor, _ y: Tensor, _ output: Tensor, as type: Integer.Type
  ) throws {
    if y.dtype.isInteger {
      let exponents = try y.converted(to: .int64)
      combineElements(
        broadcast, x.pointer(as: type), exponents.pointer(as: Int64.self),
        into: output.mutablePointer(), Self.power)
    } else {
      let exponents = try y.converted(to: .float64)
      combineElements(
        broadcast, x.pointer(as: type), exponents.pointer(as: Double.self),
        into: output.mutablePointer()
      ) { Integer(nearest: Foundation.pow(Double($0), $1)) }
    }
  }

  private static func power<Integer: FixedWidthInteger>(
    _ base: Integer, _ exponent: Int64
  ) -> Integer {
    if exponent < 0 {
      if base == 1 { return 1 }
      return base == 0 &- 1 ? (exponent & 1 == 0 ? 1 : base) : 0
    }
    var result: Integer = 1
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }
}

extension PowOperator: DifferentiableOperator {
  /// y · x^(y − 1) for the base, x^y · log x for the exponent.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    let (x, y) = (site.input(0), site.input(1))
    var results: [String?] = [nil, nil]
    if site.needs(0) {
      let exponent =
        site.inputs[1]?.type.dtype == site.dtype
        ? y
        : site.add(
          "Cast", [y], ["to": .int(Int64(site.dtype.rawValue))])
      let power = site.add("Pow", [x, site.subtract(exponent, try site.number(1))])
      results[0] = try site.reduce(
        site.multiply(gradient, site.multiply(exponent, power)), toInput: 0)
    }
    if site.needs(1) {
      let slope = site.multiply(site.output(), site.add("Log", [x]))
      results[1] = try site.reduce(site.multiply(gradient, slope), toInput: 1)
    }
    return results
  }
}
