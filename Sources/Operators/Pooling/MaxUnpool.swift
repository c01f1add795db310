import Kernels
import ModelGraph
import Tensors

/// `MaxUnpool` (ai.onnx 9, 11, 22): puts each element of `X [N, C, D…]` where `I` says it lay
/// before MaxPool, and zeros elsewhere.
///
/// `I` counts in the flattened tensor that MaxPool saw: extents (D − 1) · stride + k − padding.
/// `output_shape` may ask for greater extents; the positions keep their meaning within them.
struct MaxUnpoolOperator: RealOperator {
  static let opType = "MaxUnpool"

  private let window: WindowAttributes
  private let kernel: [Int]

  init(_ attributes: inout AttributeReader) throws {
    window = WindowAttributes(
      kernelShape: try WindowAttributes.list("kernel_shape", atLeast: 1, &attributes),
      strides: try WindowAttributes.list("strides", atLeast: 1, &attributes), dilations: nil,
      pads: try WindowAttributes.list("pads", atLeast: 0, &attributes))
    guard let kernel = window.kernelShape else {
      throw OperatorError.missingAttribute("kernel_shape")
    }
    self.kernel = kernel
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    if let requested = context.ints(2) {
      return [TensorType(input.dtype, requested.map(Dimension.fixed))]
    }
    if !context.has(2), let shape = input.shape {
      return [TensorType(input.dtype, (try pooledShape(shape)).dimensions.map(Dimension.fixed))]
    }
    return [.unknown(input.dtype, rank: input.rank)]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let indices = try context.input(1, "I", .int64, input.shape)
    let pooled = try pooledShape(input.shape)
    let shape = try outputShape(pooled, try context.optionalIntegers(2, "output_shape"))
    let output = try context.allocate(input.dtype, shape)
    let target = output.mutablePointer(as: Real.self)
    target.update(repeating: 0, count: output.elementCount)
    let source = input.pointer(as: Real.self)
    let places = indices.pointer(as: Int64.self)
    for element in 0..<input.elementCount {
      let place = Int(places[element])
      guard place >= 0, place < pooled.elementCount else {
        throw OperatorError.inputValue(
          index: 1, expected: "positions below \(pooled.elementCount)", found: "\(place)")
      }
      target[Self.place(place, in: pooled, of: shape)] = source[element]
    }
    return [output]
  }

  /// The shape that MaxPool saw.
  private func pooledShape(_ input: Shape) throws -> Shape {
    guard input.rank == kernel.count + 2 else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, C] and \(kernel.count) spatial axes", found: input)
    }
    let axes = try window.axes(kernel: kernel, rank: kernel.count)
    let spatial = try zip(axes, input.dimensions[2...]).map { axis, extent in
      guard extent <= WindowAttributes.limit else {
        throw TensorError.elementCountOverflow(input.dimensions)
      }
      return max(0, (extent - 1) * axis.stride + axis.kernel - axis.padBegin - axis.padEnd)
    }
    return try Shape(checking: input.dimensions[..<2] + spatial)
  }

  private func outputShape(_ pooled: Shape, _ requested: [Int]?) throws -> Shape {
    guard let requested else { return pooled }
    let shape = try Shape(checking: requested)
    guard shape.rank == pooled.rank, shape.dimensions[..<2] == pooled.dimensions[..<2],
      zip(shape.dimensions, pooled.dimensions).allSatisfy({ $0 >= $1 })
    else {
      throw OperatorError.inputValue(
        index: 2, expected: "extents of at least \(pooled)", found: "\(shape)")
    }
    return shape
  }

  private static func place(_ place: Int, in pooled: Shape, of shape: Shape) -> Int {
    guard pooled != shape else { return place }
    var rest = place
    var result = 0
    for (extent, stride) in zip(pooled.dimensions, shape.strides).reversed() {
      result += rest % extent * stride
      rest /= extent
    }
    return result
  }
}
