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
    guard let tensor = try tensor(name) else { return nil }
    guard let quantization = component.quantization[name],
      let scale = try self.tensor(quantization.scale)
    else { return tensor }
    let zeroPoint = try quantization.zeroPoint.flatMap { try self.tensor($0) }
    let node = quantization.dequantizeNode
    let made = try OperatorRegistry.standard.make(node)
    return try made.run(
      ExecutionContext(inputs: [tensor, scale, zeroPoint], requestedOutputs: [true])
    ).first ?? nil
  }

  private func tensor(_ name: String) throws -> Tensor? {
    guard let index = indices[ByteString(name)] else { return nil }
    return try component.weights.tensor(index)
  }
}
