import ModelGraph
import Tensors

/// `Compress` (ai.onnx 28): the slices along `axis` whose condition is true; without `axis` the
/// elements of the flattened input. A condition shorter than the axis leaves the rest out. All types.
struct CompressOperator: Operator {
  static let opType = "Compress"

  private let axis: Int?

  init(_ attributes: inout AttributeReader) throws { axis = try attributes.optionalInt("axis") }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    guard let axis else { return [TensorType(type.dtype, [.unknown])] }
    guard var dimensions = type.dimensions else { return [type] }
    dimensions[try normalized(axis: axis, rank: dimensions.count)] = .unknown
    return [TensorType(type.dtype, dimensions)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let condition = try context.input(1, "condition", .bool)
      var input = try context.input(0, "input")
      if axis == nil { input = input.reshaped([input.elementCount]) }
      let axis = try input.shape.checkedAxis(axis ?? 0)
      let split = AxisSplit(input.shape, axis: axis)
      let tests = condition.pointer(as: UInt8.self)
      let chosen = (0..<condition.elementCount).filter { tests[$0] != 0 }
      if let last = chosen.last, last >= split.extent {
        throw OperatorError.inputValue(
          index: 1, expected: "no true condition beyond extent \(split.extent)", found: "\(last)")
      }
      var extents = input.shape.dimensions
      extents[axis] = chosen.count
      let output = try context.allocate(input.dtype, Shape(extents))
      let bytes = split.inner * input.dtype.byteWidth
      for outer in 0..<split.outer {
        for (number, index) in chosen.enumerated() {
          (output.mutableRawPointer + (outer * chosen.count + number) * bytes).copyMemory(
            from: input.rawPointer + (outer * split.extent + index) * bytes, byteCount: bytes)
        }
      }
      return [output]
    }
  }
}
