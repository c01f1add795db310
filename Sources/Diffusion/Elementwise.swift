import Tensors

/// Arithmetic on tensors of 32-bit floats, element by element, each operation rounded as the closure
/// says.
enum Elementwise {
  /// f(a) for every element.
  static func map(_ a: Tensor, _ f: (Float) -> Float) throws -> Tensor {
    try check(a, a, "sample")
    let result = try Tensor(uninitialized: .float32, a.shape)
    let target = result.mutablePointer(as: Float.self)
    a.withElements(of: Float.self) { source in
      for index in 0..<source.count { target[index] = f(source[index]) }
    }
    return result
  }

  /// f(a, b) for every pair of elements; shapes must be equal.
  ///
  /// - Throws: `DiffusionError.shape`, `.type`, naming `b` by `name`.
  static func map(
    _ a: Tensor, _ b: Tensor, _ name: String = "prediction", _ f: (Float, Float) -> Float
  ) throws -> Tensor {
    try check(a, b, name)
    let result = try Tensor(uninitialized: .float32, a.shape)
    let target = result.mutablePointer(as: Float.self)
    a.withElements(of: Float.self) { left in
      b.withElements(of: Float.self) { right in
        for index in 0..<left.count { target[index] = f(left[index], right[index]) }
      }
    }
    return result
  }

  private static func check(_ a: Tensor, _ b: Tensor, _ name: String) throws(DiffusionError) {
    guard a.dtype == .float32 else { throw .type(name: "sample", found: a.dtype) }
    guard b.dtype == .float32 else { throw .type(name: name, found: b.dtype) }
    guard a.shape == b.shape else { throw .shape(name: name, expected: a.shape, found: b.shape) }
  }
}
