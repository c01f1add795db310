import ModelGraph
import Tensors

/// `Split` (ai.onnx 18): the input cut along `axis` (0) into parts of the extents of input 1, or into
/// `num_outputs` equal parts, the last of which may be smaller. All types.
///
/// Parts that lie in one piece are views of the input's memory.
struct SplitOperator: Operator {
  static let opType = "Split"

  private let axis: Int
  private let partCount: Int?

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 0)
    partCount = try attributes.optionalInt("num_outputs")
    if let partCount, partCount < 1 {
      throw OperatorError.attribute("num_outputs", expected: "1 or more", found: "\(partCount)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    guard var dimensions = type.dimensions else {
      return [TensorType](repeating: .unknown(type.dtype), count: context.outputCount)
    }
    let axis = try normalized(axis: axis, rank: dimensions.count)
    var parts: [Int]?
    if context.has(1) {
      parts = context.ints(1)
    } else if let extent = dimensions[axis].fixedValue {
      parts = try equalParts(extent, context.outputCount)
    }
    return (0..<context.outputCount).map { index in
      dimensions[axis] =
        parts.flatMap { index < $0.count ? Dimension.fixed(max(0, $0[index])) : nil } ?? .unknown
      return TensorType(type.dtype, dimensions)
    }
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings(outputs: 0..<context.outputCount) { context in
      let input = try context.input(0, "input")
      let axis = try input.shape.checkedAxis(axis)
      let split = AxisSplit(input.shape, axis: axis)
      let parts =
        try context.optionalIntegers(1, "split") ?? equalParts(split.extent, context.outputCount)
      try check(parts, split.extent, context.outputCount)
      var start = 0
      return try parts.enumerated().map { index, extent in
        defer { start += extent }
        guard context.isRequested(index) else { return nil }
        return try part(of: input, axis, split, start..<(start + extent), context)
      }
    }
  }

  private func part(
    of input: Tensor, _ axis: Int, _ split: AxisSplit, _ range: Range<Int>,
    _ context: ExecutionContext
  ) throws -> Tensor {
    var extents = input.shape.dimensions
    extents[axis] = range.count
    let offset = range.lowerBound * split.inner * input.dtype.byteWidth
    if split.outer == 1 {
      return Tensor(
        input.dtype, Shape(extents), buffer: input.buffer, byteOffset: input.byteOffset + offset)
    }
    let output = try context.allocate(input.dtype, Shape(extents))
    let run = range.count * split.inner
    StridedCopy(
      extents: [split.outer, run], sourceStrides: [split.extent * split.inner, 1],
      targetStrides: [run, 1], byteWidth: input.dtype.byteWidth
    ).run(from: input.rawPointer + offset, to: output.mutableRawPointer)
    return output
  }

  private func equalParts(_ extent: Int, _ outputCount: Int) throws -> [Int] {
    let count = partCount ?? outputCount
    guard count == outputCount, count > 0 else {
      throw OperatorError.attribute(
        "num_outputs", expected: "the number of outputs, \(outputCount)", found: "\(count)")
    }
    let part = (extent + count - 1) / count
    return (0..<count).map { max(0, min(part, extent - $0 * part)) }
  }

  private func check(_ parts: [Int], _ extent: Int, _ outputCount: Int) throws {
    var rest = extent
    for part in parts {
      guard part >= 0, part <= rest else { rest = -1; break }
      rest -= part
    }
    guard rest == 0, parts.count == outputCount else {
      throw OperatorError.inputValue(
        index: 1, expected: "\(outputCount) extents that add up to \(extent)", found: "\(parts)")
    }
  }
}

extension SplitOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let parts = try site.node.outputs.indices.map { index in
      if let gradient = site.outputGradients[index] { return gradient }
      return site.add(
        "Expand", [try site.number(0), try site.list(site.outputShape(index).dimensions)])
    }
    return site.padded([site.add("Concat", parts, ["axis": .int(Int64(axis))])])
  }
}
