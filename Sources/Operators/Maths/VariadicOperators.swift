import Kernels
import ModelGraph
import Tensors

/// An operator that folds any number of broadcast tensors of one type, from the first on.
protocol VariadicOperator: NumericOperator {
  /// The kernel for Float elements.
  static var vectorized: VectorMath.BinaryFunction { get }

  /// One step of the fold.
  static func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number

  /// What becomes of the fold of `count` tensors, which nothing else refers to where it is owned.
  func finish(_ folded: Tensor, count: Int, isOwned: Bool) throws -> Tensor
}

extension VariadicOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.broadcastType()] }

  func finish(_ folded: Tensor, count: Int, isOwned: Bool) throws -> Tensor { folded }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    var folded = try context.input(0, "data_0")
    var isOwned = context.overwritableInputs.first ?? false
    for index in 1..<max(1, context.inputs.count) {
      let next = try context.input(index, "data_\(index)", folded.dtype)
      let step = context.replacing(inputs: [folded, next], overwritable: [isOwned, false])
      folded = try step.combining(Self.vectorized, VariadicStep<Self, Number>())
      isOwned = true
    }
    return [try finish(folded, count: context.inputs.count, isOwned: isOwned)]
  }
}

/// One step of a fold on one element type.
private struct VariadicStep<Made: VariadicOperator, Number: NumberElement>: ElementPairFunction {
  @inline(__always) func callAsFunction(_ a: Number, _ b: Number) -> Number { Made.value(a, b) }
}

/// `Sum` (ai.onnx 13): the sum of all inputs, broadcast. Floats.
struct SumOperator: VariadicOperator {
  static let opType = "Sum"
  static let vectorized = VectorMath.BinaryFunction.add
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    Number.sum(a, b)
  }
}

/// `Max` (ai.onnx 13): the largest of all inputs, broadcast; NaN where any is. All number types.
struct MaxOperator: VariadicOperator {
  static let opType = "Max"
  static let vectorized = VectorMath.BinaryFunction.maximum
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    Number.larger(a, b)
  }
}

/// `Min` (ai.onnx 13): the smallest of all inputs, broadcast; NaN where any is. All number types.
struct MinOperator: VariadicOperator {
  static let opType = "Min"
  static let vectorized = VectorMath.BinaryFunction.minimum
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    Number.smaller(a, b)
  }
}

/// `Mean` (ai.onnx 13): the mean of all inputs, broadcast. Floats.
struct MeanOperator: VariadicOperator {
  static let opType = "Mean"
  static let vectorized = VectorMath.BinaryFunction.add
  init(_ attributes: inout AttributeReader) throws {}
  static func value<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    Number.sum(a, b)
  }

  func finish(_ folded: Tensor, count: Int, isOwned: Bool) throws -> Tensor {
    guard count > 1 else { return folded }
    let divisor = try Tensor(scalar: Double(count)).converted(to: folded.dtype)
    let divide = ExecutionContext(
      inputs: [folded, divisor], requestedOutputs: [true], overwritableInputs: [isOwned, false])
    let divided = try divide.running(DivOperator.self)
    return divided ?? folded
  }
}

extension ExecutionContext {
  /// The first output of an operator without attributes, run in this context.
  fileprivate func running<Other: Operator>(_ type: Other.Type) throws -> Tensor? {
    var attributes = AttributeReader(Node(type.opType, inputs: [], outputs: []))
    return try type.init(&attributes).run(self)[0]
  }
}

extension SumOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    return try site.node.inputs.indices.map {
      site.needs($0) ? try site.reduce(gradient, toInput: $0) : nil
    }
  }
}

extension MeanOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let count = Double(site.node.inputs.count)
    let gradient = try site.scale(site.outputGradient(), by: 1 / count)
    return try site.node.inputs.indices.map {
      site.needs($0) ? try site.reduce(gradient, toInput: $0) : nil
    }
  }
}

extension MaxOperator: DifferentiableOperator {
  /// The gradient goes to the inputs that equal the result.
  func gradient(_ site: GradientSite) throws -> [String?] { try site.gradientOfTheChosen() }
}

extension MinOperator: DifferentiableOperator {
  /// The gradient goes to the inputs that equal the result.
  func gradient(_ site: GradientSite) throws -> [String?] { try site.gradientOfTheChosen() }
}

extension GradientSite {
  /// The gradient for each input where it equals output 0.
  fileprivate func gradientOfTheChosen() throws -> [String?] {
    let gradient = try outputGradient()
    return try node.inputs.indices.map { index in
      guard needs(index) else { return nil }
      let isChosen = add("Equal", [input(index), output()])
      return try reduce(masked(isChosen, gradient), toInput: index)
    }
  }
}
