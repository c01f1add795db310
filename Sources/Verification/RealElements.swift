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
    default: values = try tensor.converted(to: .float64)
    }
  }

  subscript(index: Int) -> Double { values.pointer(as: Double.self)[index] }
}
