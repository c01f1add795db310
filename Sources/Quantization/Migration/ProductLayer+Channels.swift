import ModelGraph
import Operators
import Tensors

extension ProductLayer {
  /// The axes of the stored weight along which inputs and outputs lie; nil for weights in groups,
  /// on the left, or of more than one matrix.
  var channelAxes: (input: Int, output: Int)? {
    guard weightInput == 1, weightAxes.count >= 2, node.integer("group", default: 1) == 1 else {
      return nil
    }
    switch node.opType {
    case "Conv": return (weightAxes[1], weightAxes[0])
    case "ConvTranspose": return (weightAxes[0], weightAxes[1])
    case "Gemm" where weightAxes.count == 2 && node.integer("transA", default: 0) == 0:
      let isTransposed = node.integer("transB", default: 0) != 0
      return isTransposed ? (weightAxes[1], weightAxes[0]) : (weightAxes[0], weightAxes[1])
    case "MatMul" where weightAxes.count == 2: return (weightAxes[0], weightAxes[1])
    default: return nil
    }
  }

  /// Whether the channels of the layer's activations are axis 1 (a convolution's); else the last.
  var isConvolution: Bool { node.opType == "Conv" || node.opType == "ConvTranspose" }
}

extension TensorSource {
  /// The largest magnitude of tensor number `index` at each place of `axis`.
  ///
  /// - Throws: the source's error.
  func largestMagnitudes(_ index: Int, axis: Int) throws -> [Float] {
    let tensor = try tensorInParallel(index).converted(to: .float32)
    return tensor.largestMagnitudes(axis: axis)
  }
}

extension Tensor {
  /// The largest magnitude of an fp32 tensor at each place of `axis`.
  func largestMagnitudes(axis: Int) -> [Float] {
    guard elementCount > 0 else { return [Float](repeating: 0, count: shape[axis]) }
    defer { withExtendedLifetime(self) {} }
    return ElementRanges(pointer(), ScaleLayout(shape: shape, granularity: .channel(axis: axis)))
      .map { max(-$0.lowest, $0.highest) }
  }
}
