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
