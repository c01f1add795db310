import Kernels
import ModelGraph
import Tensors

/// `Clip` (ai.onnx 13): the input held to `min` … `max`, both optional scalars; `max` where `min`
/// lies above it. NaN stays. All number types.
struct ClipOperator: NumericOperator {
  static let opType = "Clip"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "input")]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let low = try bound(1, "min", context, default: Number.lowest)
    let high = try bound(2, "max", context, default: Number.highest)
    var vectorized: ElementwiseFunction?
    if let low = low as? Float, let high = high as? Float, !low.isNaN, !high.isNaN {
      vectorized = .clip(low: low, high: high)
    }
    return [try context.mapping(vectorized, Held<Number>(low: low, high: high))]
  }

  private func bound<Number: NumberElement>(
    _ index: Int, _ name: String, _ context: ExecutionContext, default fallback: Number
  ) throws -> Number {
    guard let tensor = context.optionalInput(index) else { return fallback }
    guard tensor.dtype == Number.dtype else {
      throw OperatorError.inputType(
        index: index, expected: Number.dtype.name, found: tensor.dtype)
    }
    guard tensor.elementCount == 1 else {
      throw OperatorError.inputShape(index: index, expected: "a scalar", found: tensor.shape)
    }
    return tensor.pointer(as: Number.self)[0]
  }
}

/// A number held to low … high.
private struct Held<Number: NumberElement>: ElementFunction {
  let low: Number
  let high: Number
  @inline(__always) func callAsFunction(_ x: Number) -> Number {
    Number.smaller(Number.larger(x, low), high)
  }
}

extension ClipOperator: DifferentiableOperator {
  /// The gradient where the element is not held; none for the bounds.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let isFree = site.add("Equal", [site.input(0), site.output()])
    return site.padded([try site.masked(isFree, site.outputGradient())])
  }
}
