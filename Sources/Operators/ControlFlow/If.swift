import ModelGraph
import Tensors

/// `If` (ai.onnx 1 … 25): runs `then_branch` where `cond` holds, else `else_branch`.
struct IfOperator: Operator {
  static let opType = "If"

  private let thenBranch: Graph
  private let elseBranch: Graph

  init(_ attributes: inout AttributeReader) throws {
    thenBranch = try attributes.graph("then_branch")
    elseBranch = try attributes.graph("else_branch")
    guard thenBranch.outputs.count == attributes.outputCount,
      elseBranch.outputs.count == attributes.outputCount
    else {
      throw OperatorError.mismatch(
        expected: "branches with \(attributes.outputCount) outputs",
        found: "\(thenBranch.outputs.count) and \(elseBranch.outputs.count)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let first = try context.inferBody(thenBranch, [])
    let second = try context.inferBody(elseBranch, [])
    return zip(first, second).map { BodyTypes.common($0, $1) }
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let holds = try context.truth(0, "cond")
    return try context.runBody(holds ? "then_branch" : "else_branch", [])
  }
}

extension ExecutionContext {
  /// The one boolean of input `index`.
  ///
  /// - Throws: `OperatorError.missingInput`, `.inputType`, `.inputShape`.
  func truth(_ index: Int, _ name: String) throws -> Bool {
    let tensor = try input(index, name, .bool)
    guard tensor.elementCount == 1 else {
      throw OperatorError.inputShape(index: index, expected: "one element", found: tensor.shape)
    }
    return tensor.withElements(of: UInt8.self) { $0[0] != 0 }
  }
}
