import Kernels
import ModelGraph
import Tensors

/// `Col2Im` (ai.onnx 18): adds the columns `[N, C · block, L]` of sliding blocks up to images
/// `[N, C, image_shape…]`.
///
/// Blocks are numbered in row-major order; elements that fall into the padding are dropped. Takes
/// numbers of every type.
struct Col2ImOperator: NumericOperator {
  static let opType = "Col2Im"

  private let window: WindowAttributes

  init(_ attributes: inout AttributeReader) throws {
    window = WindowAttributes(
      kernelShape: nil, strides: try WindowAttributes.list("strides", atLeast: 1, &attributes),
      dilations: try WindowAttributes.list("dilations", atLeast: 1, &attributes),
      pads: try WindowAttributes.list("pads", atLeast: 0, &attributes))
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "input")
    guard let image = context.ints(1), let block = context.ints(2) else {
      let rank = try context.type(1, "image_shape").dimensions?.first?.fixedValue
      guard let rank, rank >= 0, rank < 64 else { return [TensorType(input.dtype, nil)] }
      let batch = input.dimensions?.first ?? .unknown
      return [
        TensorType(input.dtype, [batch] + [Dimension](repeating: .unknown, count: rank + 1))
      ]
    }
    _ = try geometry(image: image, block: block)
    let blockCount = block.reduce(1, *)
    var channels = Dimension.unknown
    if let dimensions = input.dimensions, dimensions.count == 3,
      let columns = dimensions[1].fixedValue
    {
      channels = .fixed(columns / blockCount)
    }
    let batch = input.dimensions?.first ?? .unknown
    return [TensorType(input.dtype, [batch, channels] + image.map(Dimension.fixed))]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let image = try context.integers(1, "image_shape")
    let block = try context.integers(2, "block_shape")
    let geometry = try geometry(image: image, block: block)
    let blockCount = geometry.kernelCount
    guard input.shape.rank == 3, input.shape[1] % blockCount == 0,
      input.shape[2] == geometry.outputCount
    else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, C · \(blockCount), \(geometry.outputCount)]", found: input.shape)
    }
    let channels = input.shape[1] / blockCount
    let output = try context.allocate(
      input.dtype, try Shape(checking: [input.shape[0], channels] + image))
    let source = input.pointer(as: Number.self)
    let target = output.mutablePointer(as: Number.self)
    let columnCount = geometry.outputCount
    let step = geometry.lastDilation
    Parallel.forEachIndex(count: input.shape[0] * channels) { plane in
      let picture = target + plane * geometry.inputCount
      let columns = source + plane * blockCount * columnCount
      picture.update(repeating: 0, count: geometry.inputCount)
      geometry.forEachResult { column, position in
        geometry.forEachTapRow(at: position) { first, tap, count in
          for index in 0..<count {
            let place = first + index * step
            picture[place] = Number.sum(
              picture[place], columns[(tap + index) * columnCount + column])
          }
        }
      }
    }
    return [output]
  }

  private func geometry(image: [Int], block: [Int]) throws -> WindowGeometry {
    let shape = try Shape(checking: image)
    let blockShape = try Shape(checking: block)
    guard block.count == image.count,
      (image + block).allSatisfy({ $0 >= 1 && $0 <= WindowAttributes.limit })
    else {
      throw OperatorError.inputShape(
        index: 2, expected: "positive extents for the \(image.count) axes of the image",
        found: blockShape)
    }
    let axes = try window.axes(kernel: block, rank: image.count)
    return try WindowGeometry(axes, over: image, shape: shape)
  }
}
