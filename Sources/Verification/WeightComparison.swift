import FileIO
import ModelGraph
import Operators
import Tensors

/// Compares the weights of two components tensor by tensor, dequantized, one tensor at a time in
/// memory.
struct WeightComparison {
  let progress: (String) -> Void

  func compare(_ candidate: Component, against reference: Component) throws -> [Measurement] {
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
      let subject = Subject(
        component: reference.label, depth: .weights, name: name,
        isExact: !left.dtype.isFloatingPoint)
      return Measurement(
        subject: subject, sample: 0, values: try comparison(name, left, right).metrics)
    }
  }

  private func comparison(
    _ name: String, _ left: Tensor, _ right: Tensor
  ) throws -> TensorComparison {
    guard left.dtype == .string || right.dtype == .string else {
      return try TensorComparison(name: name, reference: left, candidate: right)
    }
    var comparison = TensorComparison()
    for (index, text) in left.strings.enumerated() {
      let agrees = index < right.strings.count && right.strings[index] == text
      comparison.add(reference: 0, candidate: agrees ? 0 : .nan)
    }
    return comparison
  }
}
