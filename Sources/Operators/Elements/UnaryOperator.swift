import Kernels
import ModelGraph
import Tensors

/// An operator that applies a function to each element of one floating-point tensor.
protocol UnaryRealOperator: RealOperator {
  /// The kernel for Float elements; nil where `value(at:)` is to be used.
  var vectorized: ElementwiseFunction? { get }

  /// The function.
  func value<Real: RealElement>(at x: Real) -> Real
}

extension UnaryRealOperator {
  var vectorized: ElementwiseFunction? { nil }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "X")] }

  func run<Real: RealElement>(as type: Real.Type, _ context: ExecutionContext) throws -> [Tensor?] {
    [try context.mapping(vectorized) { (x: Real) in value(at: x) }]
  }
}

/// An operator that applies a function to each element of one tensor of numbers.
protocol UnaryNumericOperator: NumericOperator {
  /// The kernel for Float elements; nil where `value(at:)` is to be used.
  var vectorized: ElementwiseFunction? { get }

  /// The function.
  func value<Number: NumberElement>(at x: Number) -> Number
}

extension UnaryNumericOperator {
  var vectorized: ElementwiseFunction? { nil }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "X")] }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    [try context.mapping(vectorized) { (x: Number) in value(at: x) }]
  }
}

extension ExecutionContext {
  /// Input 0 with a function applied to each element, in place where that is allowed; `vectorized`
  /// stands in for `function` on Float elements.
  @inline(__always)
  func mapping<Element>(
    _ vectorized: ElementwiseFunction?, _ function: (Element) -> Element
  ) throws -> Tensor {
    let input = try input(0, "X")
    let output = try allocate(reusing: 0)
    if let vectorized, input.dtype == .float32 {
      VectorMath.apply(
        vectorized, input.pointer(), output.mutablePointer(), count: input.elementCount)
    } else {
      mapElements(
        input.pointer(as: Element.self), into: output.mutablePointer(), count: input.elementCount,
        function)
    }
    return output
  }
}
