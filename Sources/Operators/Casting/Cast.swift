import ModelGraph
import Tensors

/// `Cast` (ai.onnx 28): the elements converted to the type `to`. All types but complex ones.
///
/// Floats go to the nearest float (halves to even) and toward zero to integers, integers to integers
/// by their low bits. `saturate` (1) holds numbers beyond an fp8 type's range to its greatest;
/// `round_mode` (`up`) is the rounding to `float8e8m0`.
struct CastOperator: Operator {
  static let opType = "Cast"

  private let target: DType
  private let rules: ConversionRules

  init(_ attributes: inout AttributeReader) throws {
    guard let dtype = try attributes.optionalDType("to") else {
      throw OperatorError.missingAttribute("to")
    }
    target = dtype
    rules = try ConversionRules(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "input").with(target)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    [try context.casting(to: target, rules)]
  }
}

/// `CastLike` (ai.onnx 25): input 0 converted to the type of input 1, as `Cast` does.
struct CastLikeOperator: Operator {
  static let opType = "CastLike"

  private let rules: ConversionRules

  init(_ attributes: inout AttributeReader) throws { rules = try ConversionRules(&attributes) }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "input").with(try context.type(1, "target_type").dtype)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    [try context.casting(to: try context.input(1, "target_type").dtype, rules)]
  }
}

extension ConversionRules {
  /// The attributes `saturate` (1) and `round_mode` (`up`).
  init(_ attributes: inout AttributeReader) throws {
    self.init(
      saturate: try attributes.flag("saturate", default: true),
      powerRounding: try attributes.choice("round_mode", default: .up))
  }
}

extension ExecutionContext {
  /// Input 0 with elements of type `target`; the input itself where it has that type.
  fileprivate func casting(to target: DType, _ rules: ConversionRules) throws -> Tensor {
    let input = try input(0, "input")
    if input.dtype == target { return input }
    if input.dtype == .string { return try input.parsed(as: target, rules) }
    if target == .string { return try input.formatted() }
    guard input.dtype.isConvertible, target.isConvertible else {
      throw OperatorError.unsupported("a cast from \(input.dtype.name) to \(target.name)")
    }
    let output = try allocate(target, input.shape)
    input.convert(into: output, rules)
    return output
  }
}

extension CastOperator: DifferentiableOperator {
  /// The gradient cast back; none through types that hold no fractions.
  func gradient(_ site: GradientSite) throws -> [String?] {
    guard let dtype = site.inputs[0]?.type.dtype, dtype.isReal, target.isReal else { return [nil] }
    return [
      site.add("Cast", [try site.outputGradient()], ["to": .int(Int64(dtype.rawValue))])
    ]
  }
}
