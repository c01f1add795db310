import ModelGraph
import Tensors

/// `Where` (ai.onnx 16): X where the condition is true, else Y, all three broadcast. All types.
struct WhereOperator: Operator {
  static let opType = "Where"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let types = [
      try context.type(0, "condition"), try context.type(1, "X"), try context.type(2, "Y"),
    ]
    return [TensorType(types[1].dtype ?? types[2].dtype, try broadcastDimensions(types))]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    _ = try context.input(0, "condition", .bool)
    try context.requireSameType(1, 2)
    return try context.movingStrings { context in
      switch try context.input(1, "X").dtype.byteWidth {
      case 1: [try select(context, as: UInt8.self)]
      case 2: [try select(context, as: UInt16.self)]
      case 4: [try select(context, as: UInt32.self)]
      case 8: [try select(context, as: UInt64.self)]
      default: [try select(context, as: SIMD2<UInt64>.self)]
      }
    }
  }

  private func select<Word: BitwiseCopyable>(
    _ context: ExecutionContext, as type: Word.Type
  ) throws -> Tensor {
    let condition = try context.input(0, "condition")
    let (x, y) = (try context.input(1, "X"), try context.input(2, "Y"))
    let broadcast = try Broadcast([condition.shape, x.shape, y.shape])
    let output = try context.allocate(reusing: [1, 2], x.dtype, broadcast.shape)
    let (tests, left, right) = (
      condition.pointer(as: UInt8.self), x.pointer(as: Word.self), y.pointer(as: Word.self)
    )
    let steps = (0..<3).map(broadcast.innerStride)
    let (testStep, leftStep, rightStep) = (steps[0], steps[1], steps[2])
    let target = output.mutablePointer(as: Word.self)
    broadcast.forEachRunInParallel { result, operands, count in
      let (test, first, second) = (
        tests + operands[0], left + operands[1], right + operands[2]
      )
      for index in 0..<count {
        target[result + index] =
          test[index &* testStep] != 0 ? first[index &* leftStep] : second[index &* rightStep]
      }
    }
    return output
  }
}

extension WhereOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let (condition, zero) = (site.input(0), try site.number(0))
    let gradient = try site.outputGradient()
    return [
      nil,
      site.needs(1)
        ? try site.reduce(site.select(condition, gradient, zero), toInput: 1) : nil,
      site.needs(2)
        ? try site.reduce(site.select(condition, zero, gradient), toInput: 2) : nil,
    ]
  }
}
