import ModelGraph
import Tensors

/// `Expand` (ai.onnx 13): the input broadcast with the shape of input 1. All types.
struct ExpandOperator: Operator {
  static let opType = "Expand"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    if let wanted = context.ints(1) {
      let target = TensorType(type.dtype, wanted.map { .fixed(max(0, $0)) })
      return [TensorType(type.dtype, try broadcastDimensions([type, target]))]
    }
    let rank = context.optionalType(1)?.dimensions?.first?.fixedValue
    return [.unknown(type.dtype, rank: type.rank.flatMap { own in rank.map { max(own, $0) } })]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input")
      let wanted = try Shape.checked(try context.integers(1, "shape"))
      let broadcast = try Broadcast([input.shape, wanted])
      if broadcast.shape == input.shape { return [input] }
      let output = try context.allocate(input.dtype, broadcast.shape)
      var targetStrides = [Int](repeating: 1, count: broadcast.extents.count)
      for axis in targetStrides.indices.dropLast().reversed() {
        targetStrides[axis] = targetStrides[axis + 1] * broadcast.extents[axis + 1]
      }
      if output.elementCount > 0 {
        StridedCopy(
          extents: broadcast.extents, sourceStrides: broadcast.strides[0],
          targetStrides: targetStrides, byteWidth: input.dtype.byteWidth
        ).run(from: input.rawPointer, to: output.mutableRawPointer)
      }
      return [output]
    }
  }
}

extension ExpandOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.padded([try site.reduce(site.outputGradient(), toInput: 0)])
  }
}
