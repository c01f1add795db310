import ModelGraph
import Operators
import Tensors

/// Runs one operator of the standard registry on `inputs`.
func run(
  _ opType: String, _ inputs: [Tensor?], _ attributes: [String: AttributeValue] = [:],
  outputs: Int = 1
) throws -> [Tensor] {
  let node = Node(
    opType, inputs: inputs.indices.map { inputs[$0] == nil ? "" : "x\($0)" },
    outputs: (0..<outputs).map { "y\($0)" }, attributes: attributes)
  let made = try OperatorRegistry.standard.make(node)
  let context = ExecutionContext(
    inputs: inputs, requestedOutputs: [Bool](repeating: true, count: outputs))
  return try made.run(context).compactMap { $0 }
}

/// The first result of one operator.
func result(
  _ opType: String, _ inputs: Tensor?..., attributes: [String: AttributeValue] = [:]
) throws -> Tensor {
  try run(opType, inputs, attributes)[0]
}

/// The type that one operator infers for its first output, with inputs of known values.
func inferred(
  _ opType: String, _ inputs: [KnownValue?], _ attributes: [String: AttributeValue] = [:]
) throws -> TensorType {
  let node = Node(
    opType, inputs: inputs.indices.map { "x\($0)" }, outputs: ["y"], attributes: attributes)
  let made = try OperatorRegistry.standard.make(node)
  let context = InferenceContext(inputs: inputs, outputCount: 1) { _, _ in [] }
  return try made.infer(context)[0]
}

/// A tensor of `shape` whose elements are 0, 1, 2, …
func counting(_ shape: Shape) throws -> Tensor {
  try Tensor((0..<shape.elementCount).map(Float.init), shape)
}
