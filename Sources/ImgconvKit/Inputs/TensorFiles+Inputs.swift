import ModelGraph
import Operators
import Tensors

extension TensorFiles {
  /// The tensors for a graph's `inputs`, by name.
  ///
  /// Numbers of another type than declared are converted where every one stays the same: whole
  /// timesteps for a network that takes real ones. A denoiser's `sample` is taken for the
  /// `hidden_states` that transformers call it.
  ///
  /// - Throws: `JobError.fileCount`; the conversion's error.
  func inputs(for declared: [ValueInfo], what: String) throws -> [String: Tensor] {
    var given = try assigned(to: declared, what: what)
    let names = Set(declared.map(\.name))
    if names.contains("hidden_states"), !names.contains("sample"), given["hidden_states"] == nil {
      given["hidden_states"] = given.removeValue(forKey: "sample")
    }
    for value in declared {
      guard let tensor = given[value.name], let dtype = value.type.dtype, dtype != tensor.dtype,
        let converted = try Self.exact(tensor, as: dtype)
      else { continue }
      given[value.name] = converted
    }
    return given
  }

  /// `tensor` in the type `dtype`; nil where a number would change or either type is none of
  /// numbers.
  private static func exact(_ tensor: Tensor, as dtype: DType) throws -> Tensor? {
    let numbers: Set<DType> = [
      .float32, .float64, .float16, .bfloat16, .int64, .int32, .int16, .int8, .uint8, .bool,
    ]
    guard numbers.contains(tensor.dtype), numbers.contains(dtype) else { return nil }
    let converted = try tensor.converted(to: dtype)
    let back = try converted.converted(to: tensor.dtype)
    let isSame = tensor.withBytes { before in back.withBytes { before.elementsEqual($0) } }
    return isSame ? converted : nil
  }
}
