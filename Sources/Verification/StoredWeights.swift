import FileIO
import ModelGraph
import Operators
import Tensors

/// The weights of a component by name, with quantized ones as real numbers.
struct StoredWeights {
  private let component: Component
  private let indices: [ByteString: Int]
  /// The tensors that are weights of their own, not scales or zero points of others, in order.
  let names: [String]

  init(_ component: Component) {
    self.component = component
    indices = Dictionary(
      component.weights.tensors.enumerated().map { (ByteString($1.name), $0) },
      uniquingKeysWith: { first, _ in first })
    let helpers = Set(
      component.quantization.values.flatMap { [$0.scale, $0.zeroPoint].compactMap { $0 } })
    names = component.weights.tensors.map(\.name).filter { !helpers.contains($0) }
  }

  /// The tensor `name` as real numbers; nil where there is none.
  func realTensor(_ name: String) throws -> Tensor? {
    guard let tensor = try storedTensor(name) else { return nil }
    guard let quantization = component.quantization[name],
      let scale = try storedTensor(quantization.scale)
    else { return tensor }
    let zeroPoint = try quantization.zeroPoint.flatMap { try storedTensor($0) }
    let node = quantization.dequantizeNode
    let made = try OperatorRegistry.standard.make(node)
    return try made.run(
      ExecutionContext(inputs: [tensor, scale, zeroPoint], requestedOutputs: [true])
    ).first ?? nil
  }

  /// What is known of the tensor `name` without reading it; nil where there is none.
  func info(_ name: String) -> TensorInfo? {
    indices[ByteString(name)].map { component.weights.tensors[$0] }
  }

  /// Whether the tensor `name` has the same bytes in both; nil where one has none of that name.
  func hasSameBytes(_ name: String, as other: StoredWeights) throws -> Bool? {
    guard let index = indices[ByteString(name)], let otherIndex = other.indices[ByteString(name)]
    else { return nil }
    return try component.weights.hasSameBytes(index, as: other.component.weights, otherIndex)
  }

  /// The tensor `name` as it is stored; nil where there is none.
  func storedTensor(_ name: String) throws -> Tensor? {
    guard let index = indices[ByteString(name)] else { return nil }
    return try component.weights.tensor(index)
  }
}
