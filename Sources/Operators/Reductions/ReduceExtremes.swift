import Kernels
import Tensors

/// `ReduceMax` (ai.onnx 20): the largest element, NaN where any is; of none −infinity, or the
/// lowest integer, or false. All number types and booleans.
struct ReduceMaxOperator: ReduceOperator {
  static let opType = "ReduceMax"
  static let reduction = Reduction.maximum
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
  func run(_ context: ExecutionContext) throws -> [Tensor?] { try runAlsoBooleans(context) }
}

/// `ReduceMin` (ai.onnx 20): the smallest element, NaN where any is; of none infinity, or the
/// highest integer, or true. All number types and booleans.
struct ReduceMinOperator: ReduceOperator {
  static let opType = "ReduceMin"
  static let reduction = Reduction.minimum
  let axes: ReductionAxes
  init(_ attributes: inout AttributeReader) throws { axes = try ReductionAxes(&attributes) }
  func run(_ context: ExecutionContext) throws -> [Tensor?] { try runAlsoBooleans(context) }
}

extension ReduceOperator {
  /// As the numeric operator runs, with booleans as the numbers 0 and 1.
  fileprivate func runAlsoBooleans(_ context: ExecutionContext) throws -> [Tensor?] {
    guard let input = context.optionalInput(0), input.dtype == .bool else {
      return try runNumbers(context)
    }
    let bits = input.bitCast(to: .uint8)
    let inputs = [bits] + context.inputs.dropFirst()
    let numbers = context.replacing(inputs: inputs, overwritable: inputs.map { _ in false })
    guard let result = try run(as: UInt8.self, numbers)[0] else { return [nil] }
    let elements = result.mutablePointer(as: UInt8.self)
    for index in 0..<result.elementCount { elements[index] &= 1 }
    return [result.bitCast(to: .bool)]
  }
}
