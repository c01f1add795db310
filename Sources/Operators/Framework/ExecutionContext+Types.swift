import ModelGraph
import Tensors

extension ExecutionContext {
  /// Input `index` of type `dtype`; nil where it is left out.
  ///
  /// - Throws: `OperatorError.inputType`.
  func optionalInput(_ index: Int, of dtype: DType) throws -> Tensor? {
    try has(index) ? input(index, "\(index)", dtype) : nil
  }

  /// Input `index` of type `dtype` and shape `shape`.
  ///
  /// - Throws: `OperatorError.missingInput`, `.inputType`, `.inputShape`.
  func input(_ index: Int, _ name: String, _ dtype: DType, _ shape: Shape) throws -> Tensor {
    let tensor = try input(index, name, dtype)
    guard tensor.shape == shape else {
      throw OperatorError.inputShape(index: index, expected: "\(shape)", found: tensor.shape)
    }
    return tensor
  }

  /// Input `index` of type `dtype` and shape `shape`; nil where it is left out.
  ///
  /// - Throws: `OperatorError.inputType`, `.inputShape`.
  func optionalInput(_ index: Int, of dtype: DType, _ shape: Shape) throws -> Tensor? {
    try has(index) ? input(index, "\(index)", dtype, shape) : nil
  }

  /// Runs `kernel` in Double where asked or where a floating-point input is fp64, else in Float,
  /// with all floating-point inputs converted to that type; rounds each result of that type once to
  /// the type that `results` names.
  ///
  /// For operators whose inputs or outputs may be of different floating-point types.
  func computingReals(
    results: [DType], inDouble: Bool = false,
    as kernel: (DType, ExecutionContext) throws -> [Tensor?]
  ) throws -> [Tensor?] {
    let isWide = inDouble || inputs.contains { $0?.dtype == .float64 }
    let wide: DType = isWide ? .float64 : .float32
    var widened = inputs
    for position in inputs.indices {
      guard let input = inputs[position], input.dtype.isReal, input.dtype != wide else { continue }
      let target = try allocate(wide, input.shape)
      input.convert(into: target)
      widened[position] = target
    }
    let overwritable = [Bool](repeating: false, count: inputs.count)
    let context = replacing(inputs: widened, overwritable: overwritable)
    return try kernel(wide, context).enumerated().map { index, result in
      guard let result, result.dtype == wide, index < results.count, results[index] != wide else {
        return result
      }
      let rounded = try allocate(results[index], result.shape)
      result.convert(into: rounded)
      return rounded
    }
  }
}

extension DType {
  /// Whether operators compute with elements of the type in Float or Double.
  var isReal: Bool { isHalf || self == .float32 || self == .float64 }
}

/// An operator whose inputs or outputs may be of different floating-point types, with one kernel
/// for Float and Double.
protocol MixedRealOperator: Operator {
  /// The types of the results.
  ///
  /// - Throws: `OperatorError.inputType` for a type the operator does not take.
  func resultTypes(_ context: ExecutionContext) throws -> [DType]

  /// Whether to compute in Double whatever the inputs' types; false unless stated.
  var computesInDouble: Bool { get }

  /// The kernel, with all floating-point inputs and results as `Real` elements.
  func run<Real: RealElement>(as type: Real.Type, _ context: ExecutionContext) throws -> [Tensor?]
}

extension MixedRealOperator {
  var computesInDouble: Bool { false }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.computingReals(
      results: resultTypes(context), inDouble: computesInDouble
    ) { wide, context in
      wide == .float64
        ? try run(as: Double.self, context) : try run(as: Float.self, context)
    }
  }
}

extension ExecutionContext {
  /// The type of input `index`, which must be fp16, bf16, fp32 or fp64.
  ///
  /// - Throws: `OperatorError.missingInput`, `.inputType`.
  func realType(_ index: Int, _ name: String) throws -> DType {
    let dtype = try input(index, name).dtype
    guard dtype.isReal else {
      throw OperatorError.inputType(
        index: index, expected: "float16, bfloat16, float32 or float64", found: dtype)
    }
    return dtype
  }
}

extension Collection where Element == Dimension {
  /// The extents where all are known.
  var fixedValues: [Int]? {
    let values = compactMap(\.fixedValue)
    return values.count == count ? values : nil
  }
}
