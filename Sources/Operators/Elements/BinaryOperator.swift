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
      try context.combining(vectorized, AppliedPair<Self, Number>(made: self))
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
      into: output.mutablePointer(as: UInt8.self), Comparison<Self, Number>())
    return [output]
  }
}

/// The function of a numeric operator on one element type.
private struct AppliedPair<Made: BinaryNumericOperator, Number: NumberElement>:
  ElementPairFunction
{
  let made: Made
  @inline(__always) func callAsFunction(_ a: Number, _ b: Number) -> Number { made.value(a, b) }
}

/// The condition of a comparison on one element type, as 0 or 1.
private struct Comparison<Made: ComparisonOperator, Number: NumberElement>: ElementPairFunction {
  @inline(__always) func callAsFunction(_ a: Number, _ b: Number) -> UInt8 {
    Made.holds(a, b) ? 1 : 0
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
  func combining<Function: ElementPairFunction>(
    _ vectorized: VectorMath.BinaryFunction?, _ function: Function
  ) throws -> Tensor where Function.Left == Function.Right, Function.Left == Function.Output {
    let (a, b) = (try input(0, "A"), try input(1, "B"))
    let broadcast = try Broadcast([a.shape, b.shape])
    let output = try allocate(reusing: [0, 1], a.dtype, broadcast.shape)
    if let vectorized, a.dtype == .float32 {
      combineFloats(broadcast, vectorized, a, b, output)
    } else {
      combineElements(
        broadcast, a.pointer(as: Function.Left.self), b.pointer(as: Function.Left.self),
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
  guard let block = FloatBlock(broadcast) else {
    let steps = (broadcast.innerStride(0), broadcast.innerStride(1))
    broadcast.forEachRunInParallel { result, operands, count in
      VectorMath.apply(
        function, left + operands[0], steps.0 == 0 ? .scalar : .full, right + operands[1],
        steps.1 == 0 ? .scalar : .full, target + result, rows: 1, columns: count)
    }
    return
  }
  broadcast.forEachBlock { result, operands in
    VectorMath.apply(
      function, left + operands[0], block.left, right + operands[1], block.right, target + result,
      rows: block.rows, columns: block.columns)
  }
  withExtendedLifetime((a, b, output)) {}
}

/// The last two merged axes of a broadcast of two operands, in the kernels' terms.
private struct FloatBlock {
  let rows: Int
  let columns: Int
  let left: VectorMath.Broadcast
  let right: VectorMath.Broadcast

  /// The block of `broadcast`; nil where an operand's rows lie in another way.
  init?(_ broadcast: Broadcast) {
    let rank = broadcast.extents.count
    rows = rank > 1 ? broadcast.extents[rank - 2] : 1
    columns = broadcast.extents[rank - 1]
    var layouts: [VectorMath.Broadcast] = []
    for strides in broadcast.strides {
      let inner = strides[rank - 1]
      switch (rank > 1 ? strides[rank - 2] : inner * columns, inner) {
      case (columns, 1): layouts.append(.full)
      case (0, 1): layouts.append(.row)
      case (1, 0): layouts.append(.column)
      case (0, 0): layouts.append(.scalar)
      default: return nil
      }
    }
    (left, right) = (layouts[0], layouts[1])
  }
}
