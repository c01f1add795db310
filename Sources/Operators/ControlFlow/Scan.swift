import ModelGraph
import Tensors

/// `Scan` (ai.onnx 9 … 25): runs `body` for each position of its last `num_scan_inputs` inputs,
/// handing states from one position to the next and stacking what else it gives.
///
/// `scan_input_axes` and `scan_output_axes` say along which axes (0 unless stated), the directions
/// (1 for backward) in which order.
struct ScanOperator: Operator {
  static let opType = "Scan"

  private let body: Graph
  private let scanCount: Int
  private let stateCount: Int
  private let inputAxes: [Int]
  private let inputBackward: [Bool]
  private let outputAxes: [Int]
  private let outputBackward: [Bool]

  init(_ attributes: inout AttributeReader) throws {
    body = try attributes.graph("body")
    scanCount = try attributes.int("num_scan_inputs")
    stateCount = attributes.inputCount - scanCount
    guard scanCount >= 1, stateCount >= 0 else {
      throw OperatorError.attribute(
        "num_scan_inputs", expected: "1 to \(attributes.inputCount)", found: "\(scanCount)")
    }
    guard body.requiredInputs.count == attributes.inputCount,
      body.outputs.count == attributes.outputCount, body.outputs.count >= stateCount
    else {
      throw OperatorError.mismatch(
        expected:
          "a body with \(attributes.inputCount) inputs and \(attributes.outputCount) outputs",
        found: "\(body.requiredInputs.count) and \(body.outputs.count)")
    }
    let stacks = body.outputs.count - stateCount
    inputAxes = try Self.list("scan_input_axes", scanCount, &attributes)
    inputBackward = try Self.list("scan_input_directions", scanCount, &attributes).map { $0 != 0 }
    outputAxes = try Self.list("scan_output_axes", stacks, &attributes)
    outputBackward = try Self.list("scan_output_directions", stacks, &attributes).map { $0 != 0 }
  }

  private static func list(
    _ name: String, _ count: Int, _ attributes: inout AttributeReader
  ) throws -> [Int] {
    let values = try attributes.ints(name, default: [Int](repeating: 0, count: count))
    guard values.count == count else {
      throw OperatorError.attribute(name, expected: "\(count) numbers", found: "\(values)")
    }
    return values
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let states = try (0..<stateCount).map { try context.type($0, "initial_state") }
    var length = Dimension.unknown
    let elements = try (0..<scanCount).map { index in
      let type = try context.type(stateCount + index, "scan_input")
      guard var dimensions = type.dimensions else { return type }
      let axis = try normalized(
        axis: inputAxes[index], rank: dimensions.count, attribute: "scan_input_axes")
      length = dimensions.remove(at: axis)
      return TensorType(type.dtype, dimensions)
    }
    let results = try BodyTypes.fixedPoint(
      body, leading: [], states: states, trailing: elements, firstState: 0, context)
    guard results.count == body.outputs.count else { return [] }
    return try zip(states, results).map { BodyTypes.common($0, $1) }
      + results.dropFirst(stateCount).enumerated().map { index, element in
        guard var dimensions = element.dimensions else { return element }
        let axis = try normalized(
          axis: outputAxes[index], rank: dimensions.count + 1, attribute: "scan_output_axes")
        dimensions.insert(length, at: axis)
        return TensorType(element.dtype, dimensions)
      }
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    var states = try (0..<stateCount).map { try context.input($0, "initial_state") }
    let inputs = try (0..<scanCount).map { try context.input(stateCount + $0, "scan_input") }
    let axes = try zip(inputs, inputAxes).map {
      try $0.shape.checkedAxis($1, attribute: "scan_input_axes")
    }
    let length = inputs[0].shape[axes[0]]
    for (index, (input, axis)) in zip(inputs, axes).enumerated()
    where input.shape[axis] != length || input.dtype == .string {
      throw OperatorError.inputShape(
        index: stateCount + index, expected: "\(length) elements along axis \(axis)",
        found: input.shape)
    }
    var stacks = [[Tensor]](repeating: [], count: outputAxes.count)
    for position in 0..<length {
      let elements = try inputs.indices.map { index in
        try ElementStack.element(
          inputBackward[index] ? length - 1 - position : position, of: inputs[index],
          axis: axes[index], context)
      }
      let results = try context.runBody("body", states + elements)
      states = Array(results[..<stateCount])
      for (index, element) in results[stateCount...].enumerated() {
        stacks[index].append(element)
      }
    }
    return states + (try stacks.indices.map { try stack(stacks[$0], $0, context) })
  }

  private func stack(
    _ elements: [Tensor], _ index: Int, _ context: ExecutionContext
  ) throws -> Tensor {
    let type = body.outputs[stateCount + index].type
    let rank = (elements.first?.shape.rank ?? type.dimensions?.count ?? 0) + 1
    let axis = try normalized(axis: outputAxes[index], rank: rank, attribute: "scan_output_axes")
    guard !elements.isEmpty else { return try ElementStack.empty(type, axis: axis, context) }
    return try ElementStack.stacked(
      outputBackward[index] ? elements.reversed() : elements, axis: axis, context)
  }
}
