import ModelGraph
import Tensors

/// An operator with one kernel for all number types of input 0, written once as a generic function.
///
/// fp16 and bf16 inputs are widened to Float, and the Float results rounded once to input 0's type.
protocol NumericOperator: Operator {
  /// The input whose type decides; 0 unless stated.
  static var typedInput: Int { get }

  /// The kernel for inputs of `Number` elements.
  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?]
}

extension NumericOperator {
  static var typedInput: Int { 0 }

  func run(_ context: ExecutionContext) throws -> [Tensor?] { try runNumbers(context) }

  /// Runs the kernel for the type of the deciding input; for operators that take further types and
  /// have a `run` of their own.
  func runNumbers(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.computingInFloat(typedBy: Self.typedInput) { context in
      let dtype = try context.input(Self.typedInput, "data").dtype
      switch dtype {
      case .float32: return try run(as: Float.self, context)
      case .float64: return try run(as: Double.self, context)
      case .int8: return try run(as: Int8.self, context)
      case .int16: return try run(as: Int16.self, context)
      case .int32: return try run(as: Int32.self, context)
      case .int64: return try run(as: Int64.self, context)
      case .uint8: return try run(as: UInt8.self, context)
      case .uint16: return try run(as: UInt16.self, context)
      case .uint32: return try run(as: UInt32.self, context)
      case .uint64: return try run(as: UInt64.self, context)
      default:
        throw OperatorError.inputType(
          index: Self.typedInput, expected: "numbers of 8 to 64 bits", found: dtype)
      }
    }
  }
}

/// An operator with one kernel for Float and Double, written once as a generic function; fp16 and
/// bf16 as for `NumericOperator`.
protocol RealOperator: Operator {
  /// The kernel for inputs of `Real` elements.
  func run<Real: RealElement>(as type: Real.Type, _ context: ExecutionContext) throws -> [Tensor?]
}

extension RealOperator {
  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.computingInFloat { context in
      let dtype = try context.input(0, "X").dtype
      switch dtype {
      case .float32: return try run(as: Float.self, context)
      case .float64: return try run(as: Double.self, context)
      default:
        throw OperatorError.inputType(
          index: 0, expected: "float16, bfloat16, float32 or float64", found: dtype)
      }
    }
  }
}

extension ExecutionContext {
  /// Runs `kernel` with fp16 and bf16 inputs widened to Float, and rounds its Float results once to
  /// the type of input `index`; with other types of input `index`, runs it as it is.
  func computingInFloat(
    typedBy index: Int = 0, _ kernel: (ExecutionContext) throws -> [Tensor?]
  ) throws -> [Tensor?] {
    guard let dtype = optionalInput(index)?.dtype, dtype.isHalf else { return try kernel(self) }
    var widened = inputs
    var overwritable = overwritableInputs
    for position in inputs.indices {
      guard let input = inputs[position], input.dtype.isHalf else { continue }
      let target = try allocate(.float32, input.shape)
      input.convert(into: target)
      widened[position] = target
      overwritable[position] = true
    }
    let results = try kernel(replacing(inputs: widened, overwritable: overwritable))
    return try results.map { result in
      guard let result, result.dtype == .float32 else { return result }
      let rounded = try allocate(dtype, result.shape)
      result.convert(into: rounded)
      return rounded
    }
  }
}

extension DType {
  /// Whether the type is fp16 or bf16, which operators compute in Float.
  var isHalf: Bool { self == .float16 || self == .bfloat16 }
}
