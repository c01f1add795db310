import ModelGraph
import Tensors

/// `CenterCropPad` (ai.onnx 18): the input cropped or padded with zeros around its middle to the
/// extents of input 1 along `axes` (all). All types.
///
/// Of an odd difference the smaller part is cut or added before.
struct CenterCropPadOperator: Operator {
  static let opType = "CenterCropPad"

  private let axes: [Int]?

  init(_ attributes: inout AttributeReader) throws { axes = try attributes.optionalInts("axes") }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input_data")
    guard var dimensions = type.dimensions else { return [type] }
    let axes = try uniqueAxes(axes ?? Array(dimensions.indices), rank: dimensions.count)
    for (index, axis) in axes.enumerated() {
      dimensions[axis] =
        context.ints(1).flatMap { index < $0.count ? .fixed(max(0, $0[index])) : nil } ?? .unknown
    }
    return [TensorType(type.dtype, dimensions)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input_data")
      let wanted = try context.integers(1, "shape")
      let axes = try uniqueAxes(
        axes ?? Array(input.shape.dimensions.indices), rank: input.shape.rank)
      guard wanted.count == axes.count, wanted.allSatisfy({ $0 >= 0 }) else {
        throw OperatorError.inputValue(
          index: 1, expected: "\(axes.count) extents of 0 or more", found: "\(wanted)")
      }
      var extents = input.shape.dimensions
      var origin = [Int](repeating: 0, count: extents.count)
      for (extent, axis) in zip(wanted, axes) {
        let own = extents[axis]
        origin[axis] = extent >= own ? (extent - own) / 2 : -((own - extent) / 2)
        extents[axis] = extent
      }
      let output = try context.allocate(input.dtype, Shape.checked(extents))
      output.fill(with: nil)
      output.paste(input, at: origin)
      return [output]
    }
  }
}
