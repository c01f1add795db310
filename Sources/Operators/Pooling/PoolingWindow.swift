import ModelGraph
import Tensors

/// The window of MaxPool, AveragePool and LpPool over `X [N, C, D…]`.
struct PoolingWindow: Sendable {
  private let attributes: WindowAttributes
  private let kernel: [Int]

  /// Reads `kernel_shape` (required), `strides`, `dilations`, `pads`, `auto_pad`, `ceil_mode`.
  init(_ reader: inout AttributeReader) throws {
    attributes = try WindowAttributes(&reader, isPool: true)
    guard let kernel = attributes.kernelShape else {
      throw OperatorError.missingAttribute("kernel_shape")
    }
    self.kernel = kernel
  }

  /// The results' type for an input of type `input`.
  func infer(_ input: TensorType) throws -> TensorType {
    if let shape = input.shape {
      return TensorType(input.dtype, (try output(of: shape)).dimensions.map(Dimension.fixed))
    }
    guard let dimensions = input.dimensions else {
      return .unknown(input.dtype, rank: kernel.count + 2)
    }
    guard dimensions.count == kernel.count + 2 else {
      throw OperatorError.attribute(
        "kernel_shape", expected: "\(dimensions.count - 2) numbers", found: "\(kernel)")
    }
    let axes = try attributes.axes(kernel: kernel, rank: kernel.count)
    let spatial = zip(axes, dimensions[2...]).map { $0.outputDimension($1) }
    return TensorType(input.dtype, Array(dimensions[..<2]) + spatial)
  }

  /// The window over an input of shape `input`.
  func geometry(over input: Shape) throws -> WindowGeometry {
    guard input.rank == kernel.count + 2 else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, C] and \(kernel.count) spatial axes", found: input)
    }
    let axes = try attributes.axes(kernel: kernel, rank: kernel.count)
    return try WindowGeometry(axes, over: Array(input.dimensions[2...]), shape: input)
  }

  /// The results' shape for an input of shape `input`.
  func output(of input: Shape) throws -> Shape {
    let spatial = try geometry(over: input).output
    return try Shape(checking: input.dimensions[..<2] + spatial)
  }
}
