import ModelGraph
import Operators
import Tensors

/// The elements of a tensor as real numbers, whatever their type.
struct RealElements {
  private let values: Tensor

  /// - Throws: `VerificationError.type` for strings and complex numbers.
  init(name: String, _ tensor: Tensor) throws {
    switch tensor.dtype {
    case .float64: values = tensor
    case .string, .complex64, .complex128:
      throw VerificationError.type(name: name, found: tensor.dtype)
    default:
      let node = Node(
        "Cast", inputs: ["input"], outputs: ["output"],
        attributes: ["to": .int(Int64(DType.float64.rawValue))])
      let cast = try OperatorRegistry.standard.make(node)
      let results = try cast.run(ExecutionContext(inputs: [tensor], requestedOutputs: [true]))
      guard let first = results.first, let converted = first else {
        throw VerificationError.type(name: name, found: tensor.dtype)
      }
      values = converted
    }
  }

  subscript(index: Int) -> Double { values.pointer(as: Double.self)[index] }
}
