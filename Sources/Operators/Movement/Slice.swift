import ModelGraph
import Tensors

/// `Slice` (ai.onnx 13): along each axis of input 3 (all axes in order where left out) the elements
/// from `starts` to before `ends` by `steps` (1), as numpy slices. All types.
///
/// Negative starts and ends count from the end; both are clamped. Negative steps go backwards. A
/// slice that lies in one piece is a view of the input's memory.
struct SliceOperator: Operator {
  static let opType = "Slice"

  init(_ attributes: inout AttributeReader) throws {}

  /// Where a slice of one axis starts, its step, and how many elements it has.
  fileprivate struct AxisSlice {
    var start = 0
    var step = 1
    var count: Int
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "data")
    guard var dimensions = type.dimensions else { return [type] }
    guard let starts = context.ints(1), let ends = context.ints(2),
      !context.has(3) || context.ints(3) != nil, !context.has(4) || context.ints(4) != nil
    else {
      guard let axes = context.ints(3) else { return [.unknown(type.dtype, rank: type.rank)] }
      for axis in try uniqueAxes(axes, rank: dimensions.count) { dimensions[axis] = .unknown }
      return [TensorType(type.dtype, dimensions)]
    }
    let axes = try sliced(starts, ends, context.ints(3), context.ints(4), rank: dimensions.count)
    for (index, axis) in axes.enumerated() {
      let step = context.ints(4)?[index] ?? 1
      if let extent = dimensions[axis].fixedValue {
        dimensions[axis] = .fixed(slice(extent, starts[index], ends[index], step).count)
      } else if !(starts[index] == 0 && ends[index] == Int(Int64.max) && step == 1) {
        dimensions[axis] = .unknown
      }
    }
    return [TensorType(type.dtype, dimensions)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "data")
      let slices = try slices(context, input.shape)
      let shape = Shape(slices.map(\.count))
      let width = input.dtype.byteWidth
      let strides = input.shape.strides
      let offset = slices.indices.reduce(0) { $0 + slices[$1].start * strides[$1] } * width
      if shape.elementCount == 0 || isOnePiece(slices, input.shape) {
        let start = shape.elementCount == 0 ? 0 : offset
        return [
          Tensor(input.dtype, shape, buffer: input.buffer, byteOffset: input.byteOffset + start)
        ]
      }
      let output = try context.allocate(input.dtype, shape)
      StridedCopy(
        extents: shape.dimensions,
        sourceStrides: slices.indices.map { strides[$0] &* slices[$0].step },
        targetStrides: shape.strides, byteWidth: width
      ).run(from: input.rawPointer + offset, to: output.mutableRawPointer)
      return [output]
    }
  }

  fileprivate func slices(_ context: ExecutionContext, _ shape: Shape) throws -> [AxisSlice] {
    let (starts, ends) = (try context.integers(1, "starts"), try context.integers(2, "ends"))
    let steps = try context.optionalIntegers(4, "steps")
    let axes = try sliced(
      starts, ends, try context.optionalIntegers(3, "axes"), steps, rank: shape.rank)
    var result = shape.dimensions.map { AxisSlice(count: $0) }
    for (index, axis) in axes.enumerated() {
      result[axis] = slice(shape[axis], starts[index], ends[index], steps?[index] ?? 1)
    }
    return result
  }

  /// The axes to slice.
  private func sliced(
    _ starts: [Int], _ ends: [Int], _ axes: [Int]?, _ steps: [Int]?, rank: Int
  ) throws -> [Int] {
    let axes = try uniqueAxes(axes ?? Array(starts.indices), rank: rank)
    let counts = [starts.count, ends.count, axes.count, steps?.count ?? starts.count]
    guard Set(counts).count == 1 else {
      throw OperatorError.mismatch(
        expected: "as many starts, ends, axes and steps", found: "\(counts)")
    }
    guard !(steps?.contains(0) ?? false) else {
      throw OperatorError.inputValue(index: 4, expected: "no step of 0", found: "0")
    }
    return axes
  }

  private func slice(_ extent: Int, _ start: Int, _ end: Int, _ step: Int) -> AxisSlice {
    let forward = step > 0
    func clamp(_ place: Int) -> Int {
      let fromStart = place < 0 ? place &+ extent : place
      return forward
        ? min(max(fromStart, 0), extent) : min(max(fromStart, -1), extent - 1)
    }
    let (first, last) = (clamp(start), clamp(end))
    let distance = forward ? last - first : first - last
    guard distance > 0 else { return AxisSlice(start: 0, step: 1, count: 0) }
    let stride = step.magnitude
    let count = 1 + Int((UInt(distance) - 1) / stride)
    return AxisSlice(start: first, step: count == 1 ? 1 : step, count: count)
  }

  /// Whether the elements lie one after another: from some axis on everything, before it only one.
  private func isOnePiece(_ slices: [AxisSlice], _ shape: Shape) -> Bool {
    guard slices.allSatisfy({ $0.step == 1 }) else { return false }
    let cut = slices.indices.last { slices[$0].count != shape[$0] } ?? 0
    return slices[..<cut].allSatisfy { $0.count == 1 }
  }
}

extension SliceOperator: DifferentiableOperator {
  /// The gradient at the places of the slice, 0 elsewhere.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.list(site.shape(0).dimensions)
    return site.padded(
      site.addOwn(
        "SliceGradient", [try site.outputGradient()] + site.node.inputs.dropFirst() + [shape],
        ["slice_inputs": .int(Int64(site.node.inputs.count - 1))]))
  }
}

/// `imgconv.SliceGradient`: zeros of the shape of the last input, with dY (input 0) at the places
/// that Slice takes; the inputs between are Slice's `starts`, `ends`, `axes` and `steps`, of which
/// `slice_inputs` are given. All types.
struct SliceGradientOperator: Operator {
  static let opType = "SliceGradient"
  static let domain = GradientSite.domain

  private let slice: SliceOperator
  private let shapeIndex: Int

  init(_ attributes: inout AttributeReader) throws {
    shapeIndex = try attributes.int("slice_inputs") + 1
    slice = try SliceOperator(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let shape = context.ints(shapeIndex)
    return [TensorType(try context.type(0, "dY").dtype, shape?.map { .fixed(max(0, $0)) })]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let gradient = try context.input(0, "dY")
    let shape = try Shape.checked(context.integers(shapeIndex, "shape"))
    let output = try context.allocate(gradient.dtype, shape)
    output.fill(with: nil)
    let inputs = Array(context.inputs[..<min(shapeIndex, context.inputs.count)])
    let slices = try slice.slices(
      context.replacing(inputs: inputs, overwritable: inputs.map { _ in false }), shape)
    guard gradient.shape.dimensions == slices.map(\.count) else {
      throw OperatorError.inputShape(
        index: 0, expected: "\(slices.map(\.count))", found: gradient.shape)
    }
    guard gradient.elementCount > 0 else { return [output] }
    let (strides, width) = (shape.strides, gradient.dtype.byteWidth)
    let offset = slices.indices.reduce(0) { $0 + slices[$1].start * strides[$1] } * width
    StridedCopy(
      extents: gradient.shape.dimensions, sourceStrides: gradient.shape.strides,
      targetStrides: slices.indices.map { strides[$0] &* slices[$0].step }, byteWidth: width
    ).run(from: gradient.rawPointer, to: output.mutableRawPointer + offset)
    return [output]
  }
}
