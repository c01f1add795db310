import ModelGraph
import Tensors

/// `Tile` (ai.onnx 13): the input repeated along each axis as often as input 1 says. All types.
struct TileOperator: Operator {
  static let opType = "Tile"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    guard let dimensions = type.dimensions, let repeats = context.ints(1),
      repeats.count == dimensions.count
    else { return [.unknown(type.dtype, rank: type.rank)] }
    return [
      TensorType(type.dtype, zip(dimensions, repeats).map { product([$0, .fixed(max(0, $1))]) })
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input")
      let repeats = try context.integers(1, "repeats")
      guard repeats.count == input.shape.rank, repeats.allSatisfy({ $0 >= 0 }) else {
        throw OperatorError.inputValue(
          index: 1, expected: "\(input.shape.rank) counts of 0 or more", found: "\(repeats)")
      }
      let extents = try zip(input.shape.dimensions, repeats).map { extent, count in
        let (total, overflow) = extent.multipliedReportingOverflow(by: count)
        guard !overflow else { throw TensorError.elementCountOverflow(repeats) }
        return total
      }
      let shape = try Shape.checked(extents)
      if shape == input.shape { return [input] }
      let output = try context.allocate(input.dtype, shape)
      if shape.elementCount > 0 { repeatElements(input, repeats, output) }
      return [output]
    }
  }

  private func repeatElements(_ input: Tensor, _ repeats: [Int], _ output: Tensor) {
    let (own, target) = (input.shape.strides, output.shape.strides)
    var extents: [Int] = []
    var sourceStrides: [Int] = []
    var targetStrides: [Int] = []
    for axis in repeats.indices {
      extents += [repeats[axis], input.shape[axis]]
      sourceStrides += [0, own[axis]]
      targetStrides += [target[axis] * input.shape[axis], target[axis]]
    }
    StridedCopy(
      extents: extents, sourceStrides: sourceStrides, targetStrides: targetStrides,
      byteWidth: input.dtype.byteWidth
    ).run(from: input.rawPointer, to: output.mutableRawPointer)
  }
}

extension TileOperator: DifferentiableOperator {
  /// The sum over the repetitions.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let (input, output) = (try site.shape(0), try site.outputShape())
    let split = input.dimensions.indices.flatMap { axis in
      [input[axis] == 0 ? 0 : output[axis] / input[axis], input[axis]]
    }
    let parts = try site.reshape(site.outputGradient(), to: Shape.checked(split))
    let axes = input.dimensions.indices.map { 2 * $0 }
    return site.padded([try site.sum(parts, over: axes, keeps: false)])
  }
}
