import ModelGraph
import Tensors

/// `Loop` (ai.onnx 1 … 25): runs `body` up to `M` times while its condition holds, handing values
/// from one iteration to the next and stacking what else it gives.
///
/// The body takes the iteration's number, the condition and the N carried values; it gives the
/// condition, the carried values and K values to stack. Without iterations the stacks are empty,
/// with the extents the body declares (0 for those it does not).
struct LoopOperator: Operator {
  static let opType = "Loop"

  private let body: Graph
  private let carriedCount: Int

  init(_ attributes: inout AttributeReader) throws {
    body = try attributes.graph("body")
    carriedCount = max(0, attributes.inputCount - 2)
    guard body.requiredInputs.count == carriedCount + 2,
      body.outputs.count >= carriedCount + 1,
      attributes.outputCount == body.outputs.count - 1
    else {
      throw OperatorError.mismatch(
        expected:
          "a body with \(carriedCount + 2) inputs and \(attributes.outputCount + 1) outputs",
        found: "\(body.requiredInputs.count) and \(body.outputs.count)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let carried = try (0..<carriedCount).map { try context.type($0 + 2, "v_initial") }
    let results = try BodyTypes.fixedPoint(
      body, leading: [.scalar(.int64), .scalar(.bool)], states: carried, trailing: [],
      firstState: 1, context)
    guard results.count == body.outputs.count else { return [] }
    return zip(carried, results.dropFirst()).map { BodyTypes.common($0, $1) }
      + results.dropFirst(1 + carriedCount).map { element in
        TensorType(element.dtype, element.dimensions.map { [.unknown] + $0 })
      }
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let limit = context.has(0) ? try context.integer(0, "M") : Int.max
    var holds = context.has(1) ? try context.truth(1, "cond") : true
    let obeysCondition = context.has(1)
    var carried = try (0..<carriedCount).map { try context.input($0 + 2, "v_initial") }
    var stacks = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carriedCount)
    var iteration = 0
    while iteration < limit, holds {
      let leading = [try Tensor(scalar: Int64(iteration)), try Tensor(scalar: holds)]
      let results = try context.runBody("body", leading + carried)
      if obeysCondition { holds = try Self.truth(results[0]) }
      carried = Array(results[1..<(1 + carriedCount)])
      for (index, element) in results[(1 + carriedCount)...].enumerated() {
        stacks[index].append(element)
      }
      iteration += 1
    }
    let stacked = try stacks.enumerated().map { index, elements in
      elements.isEmpty
        ? try ElementStack.empty(
          body.outputs[1 + carriedCount + index].type, axis: 0, context)
        : try ElementStack.stacked(elements, axis: 0, context)
    }
    return carried + stacked
  }

  private static func truth(_ condition: Tensor) throws -> Bool {
    guard condition.dtype == .bool, condition.elementCount == 1 else {
      throw OperatorError.mismatch(
        expected: "the body to give one boolean first",
        found: "\(condition.shape) of \(condition.dtype.name)")
    }
    return condition.withElements(of: UInt8.self) { $0[0] != 0 }
  }
}
