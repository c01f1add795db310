import ModelGraph
import Tensors

extension Tensor {
  /// The elements converted as ONNX Cast does: rounded once, to nearest even.
  ///
  /// - Throws: `OperatorError` for types that Cast does not take.
  public func converted(to dtype: DType) throws -> Tensor {
    guard dtype != self.dtype else { return self }
    let node = Node(
      "Cast", inputs: ["input"], outputs: ["output"],
      attributes: ["to": .int(Int64(dtype.rawValue))])
    let made = try OperatorRegistry.standard.make(node)
    let results = try made.run(ExecutionContext(inputs: [self], requestedOutputs: [true]))
    guard let first = results.first, let tensor = first else {
      throw TensorError.unsupportedType(self.dtype, operation: "a conversion to \(dtype.name)")
    }
    return tensor
  }
}
