import FileIO
import ModelGraph
import Operators
import Tensors

/// Compares the weights of two components tensor by tensor, dequantized, one tensor at a time in
/// memory.
struct WeightComparison {
  let gate: Gate
  let progress: (String) -> Void

  func compare(_ candidate: Component, against reference: Component) throws -> [OutputReport] {
    let expected = StoredWeights(reference)
    let found = StoredWeights(candidate)
    return try expected.names.map { name in
      progress("\(reference.label): tensor \(name)")
      guard let right = try found.realTensor(name) else {
        throw VerificationError.missing(name: name, found: found.names)
      }
      guard let left = try expected.realTensor(name) else {
        throw VerificationError.missing(name: name, found: expected.names)
      }
      if left.dtype == .string || right.dtype == .string {
        return try textReport(name, left, right)
      }
      let comparison = try TensorComparison(name: name, reference: left, candidate: right)
      // Integers and booleans are never approximated.
      let limit = left.dtype.isFloatingPoint ? gate : Gate(maximumRelativeL2: 0)
      return OutputReport(name: name, samples: [comparison], gate: limit)
    }
  }

  private func textReport(_ name: String, _ left: Tensor, _ right: Tensor) throws -> OutputReport {
    var comparison = TensorComparison()
    for (index, text) in left.strings.enumerated() {
      let agrees = index < right.strings.count && right.strings[index] == text
      comparison.add(reference: 0, candidate: agrees ? 0 : .nan)
    }
    return OutputReport(name: name, samples: [comparison], gate: gate)
  }
}

/// The weights of a component by name, with quantized ones as real numbers.
private struct StoredWeights {
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
