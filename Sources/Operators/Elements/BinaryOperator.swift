import Kernels
import ModelGraph
import Tensors

/// An operator that applies a function to each pair of elements of two broadcast tensors of one
/// type, and gives a tensor of that type.
protocol BinaryNumericOperator: NumericOperator {
  /// The kernel for Float elements; nil where `value(_:_:)` is to be used.
  var vectorized: VectorMath.BinaryFunction? { get }

  /// The function.
  func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number
}

extension BinaryNumericOperator {
  var vectorized: VectorMath.BinaryFunction? { nil }

  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.broadcastType()] }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try context.requireSameType(0, 1)
    return [
      try context.combining(vectorized) { (a: Number, b: Number) in value(a, b) }
    ]
  }
}

/// An operator that applies a condition to each pair of elements of two broadcast tensors of one
/// type, and gives booleans.
protocol ComparisonOperator: NumericOperator {
  /// The condition.
  static func holds<Number: NumberElement>(_ a: Number, _ b: Number) -> Bool
}

extension ComparisonOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.broadcastType().with(.bool)]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try context.requireSameType(0, 1)
    let (a, b) = (try context.input(0, "A"), try context.input(1, "B"))
    let broadcast = try Broadcast([a.shape, b.shape])
    let output = try context.allocate(.bool, broadcast.shape)
    combineElements(
      broadcast, a.pointer(as: Number.self), b.pointer(as: Number.self),
      into: output.mutablePointer(as: UInt8.self)
    ) { Self.holds($0, $1) ? 1 : 0 }
    return [output]
  }
}

extension InferenceContext {
  /// The type of the result of an elementwise operator over all inputs: input 0's elements, the
  /// extents that all are stretched to.
  func broadcastType() throws -> TensorType {
    let first = try type(0, "A")
    let types = try inputs.indices.map { try type($0, "\($0)") }
    return TensorType(first.dtype ?? types.last?.dtype, try broadcastDimensions(types))
  }
}

extension ExecutionContext {
  /// Inputs 0 and 1, of one type, broadcast and combined, over one of them where that is allowed;
  /// `vectorized` stands in for `function` on Float elements.
  @inline(__always)
  func combining<Element>(
    _ vectorized: VectorMath.BinaryFunction?, _ function: (Element, Element) -> Element
  ) throws -> Tensor {
    let (a, b) = (try input(0, "A"), try input(1, "B"))
    let broadcast = try Broadcast([a.shape, b.shape])
    let output = try allocate(reusing: [0, 1], a.dtype, broadcast.shape)
    if let vectorized, a.dtype == .float32 {
      combineFloats(broadcast, vectorized, a, b, output)
    } else {
      combineElements(
        broadcast, a.pointer(as: Element.self), b.pointer(as: Element.self),
        into: output.mutablePointer(), function)
    }
    return output
  }

  /// A tensor for a result: the memory of the first of the inputs `indices` that has its type and
  /// shape and may be overwritten, else new memory.
  func allocate(reusing indices: [Int], _ dtype: DType, _ shape: Shape) throws -> Tensor {
    for index in indices where index < overwritableInputs.count && overwritableInputs[index] {
      if let input = optionalInput(index), input.dtype == dtype, input.shape == shape {
        return input
      }
    }
    return try allocate(dtype, shape)
  }
}

/// Applies the kernel `function` to two broadcast Float operands.
func combineFloats(
  _ broadcast: Broadcast, _ function: VectorMath.BinaryFunction, _ a: Tensor, _ b: Tensor,
  _ output: Tensor
) {
  let left = a.pointer(as: Float.self)
  let right = b.pointer(as: Float.self)
  let target = output.mutablePointer(as: Float.self)
  let repeatsLeft = broadcast.innerStride(0) == 0
  let repeatsRight = broadcast.innerStride(1) == 0
  broadcast.forEachRunInParallel { result, operands, count in
    let (first, second) = (left + operands[0], right + operands[1])
    if repeatsRight {
      VectorMath.apply(function, first, scalar: second[0], target + result, count: count)
    } else if repeatsLeft {
      VectorMath.apply(function, scalar: first[0], second, target + result, count: count)
    } else {
      VectorMath.apply(function, first, second, target + result, count: count)
    }
  }
  withExtendedLifetime((a, b, output)) {}
}
