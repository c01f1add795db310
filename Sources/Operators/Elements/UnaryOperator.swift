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
    [try context.mapping(vectorized, AppliedReal<Self, Real>(made: self))]
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
    [try context.mapping(vectorized, AppliedNumber<Self, Number>(made: self))]
  }
}

/// The function of a real operator on one element type.
private struct AppliedReal<Made: UnaryRealOperator, Real: RealElement>: ElementFunction {
  let made: Made
  @inline(__always) func callAsFunction(_ x: Real) -> Real { made.value(at: x) }
}

/// The function of a numeric operator on one element type.
private struct AppliedNumber<Made: UnaryNumericOperator, Number: NumberElement>: ElementFunction {
  let made: Made
  @inline(__always) func callAsFunction(_ x: Number) -> Number { made.value(at: x) }
}

extension ExecutionContext {
  /// Input 0 with a function applied to each element, in place where that is allowed; `vectorized`
  /// stands in for `function` on Float elements.
  func mapping<Function: ElementFunction>(
    _ vectorized: ElementwiseFunction?, _ function: Function
  ) throws -> Tensor where Function.Input == Function.Output {
    let input = try input(0, "X")
    let output = try allocate(reusing: 0)
    if let vectorized, input.dtype == .float32 {
      VectorMath.apply(
        vectorized, input.pointer(), output.mutablePointer(), count: input.elementCount)
    } else {
      mapElements(
        input.pointer(as: Function.Input.self), into: output.mutablePointer(),
        count: input.elementCount, function)
    }
    return output
  }
}
