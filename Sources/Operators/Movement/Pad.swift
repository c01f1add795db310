import ModelGraph
import Tensors

/// `Pad` (ai.onnx 25): elements added before and after along axes, or taken away where the count is
/// negative. All types.
///
/// Input 1 holds the counts before for each axis, then the counts after; input 3 the axes (all where
/// left out). `mode`: `constant` (input 2, or zero), `reflect` (without repeating the edge), `edge`,
/// `wrap`.
struct PadOperator: Operator {
  static let opType = "Pad"

  private let mode: PaddingMode

  init(_ attributes: inout AttributeReader) throws {
    mode = try attributes.choice("mode", default: .constant)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "data")
    guard let dimensions = type.dimensions, let pads = context.ints(1),
      !context.has(3) || context.ints(3) != nil
    else { return [.unknown(type.dtype, rank: type.rank)] }
    let (before, after) = try counts(pads, context.ints(3), rank: dimensions.count)
    return [
      TensorType(
        type.dtype,
        dimensions.indices.map { axis in
          before[axis] == 0 && after[axis] == 0
            ? dimensions[axis] : dimensions[axis].adding(before[axis] &+ after[axis])
        })
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "data")
      let (before, after) = try counts(
        try context.integers(1, "pads"), try context.optionalIntegers(3, "axes"),
        rank: input.shape.rank)
      let extents = try input.shape.dimensions.indices.map { axis in
        let (sum, first) = input.shape[axis].addingReportingOverflow(before[axis])
        let (total, second) = sum.addingReportingOverflow(after[axis])
        guard !first, !second, total >= 0 else {
          throw OperatorError.inputValue(
            index: 1, expected: "extents of 0 or more", found: "\(before), \(after)")
        }
        return total
      }
      let shape = try Shape.checked(extents)
      if mode == .constant { return [try padConstant(input, shape, before, context)] }
      return [try pad(input, shape, before, context)]
    }
  }

  /// The counts before and after for every axis.
  private func counts(
    _ pads: [Int], _ axes: [Int]?, rank: Int
  ) throws -> (before: [Int], after: [Int]) {
    let axes = try uniqueAxes(axes ?? Array(0..<rank), rank: rank)
    guard pads.count == 2 * axes.count else {
      throw OperatorError.inputValue(
        index: 1, expected: "\(2 * axes.count) counts", found: "\(pads)")
    }
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, axis) in axes.enumerated() {
      before[axis] = pads[index]
      after[axis] = pads[axes.count + index]
    }
    return (before, after)
  }

  private func padConstant(
    _ input: Tensor, _ shape: Shape, _ before: [Int], _ context: ExecutionContext
  ) throws -> Tensor {
    let value = context.optionalInput(2)
    if let value, value.dtype != input.dtype || value.elementCount != 1 {
      throw OperatorError.inputType(
        index: 2, expected: "one element of \(input.dtype.name)", found: value.dtype)
    }
    let output = try context.allocate(input.dtype, shape)
    output.fill(with: value)
    output.paste(input, at: before)
    return output
  }

  private func pad(
    _ input: Tensor, _ shape: Shape, _ before: [Int], _ context: ExecutionContext
  ) throws -> Tensor {
    var current = input
    for axis in shape.dimensions.indices
    where before[axis] != 0 || shape[axis] != input.shape[axis] {
      guard input.shape[axis] > 0 || shape[axis] == 0 else {
        throw OperatorError.inputShape(
          index: 0, expected: "elements along axis \(axis) to pad with", found: input.shape)
      }
      let split = AxisSplit(current.shape, axis: axis)
      var extents = current.shape.dimensions
      extents[axis] = shape[axis]
      // The result's memory comes first: it bounds the table of sources.
      let next = try context.allocate(input.dtype, Shape(checking: extents))
      guard next.elementCount > 0 else {
        current = next
        continue
      }
      let sources = (0..<shape[axis]).map {
        mode.source(of: $0 &- before[axis], extent: input.shape[axis])
      }
      GatheredSlices(split: split, byteWidth: input.dtype.byteWidth)
        .copy(sources, from: current.rawPointer, to: next.mutableRawPointer)
      current = next
    }
    return current
  }
}

/// What stands beyond a tensor's edges.
enum PaddingMode: String, CaseIterable, Sendable {
  case constant, reflect, edge, wrap

  /// The index within an axis of `extent` (1 or more) elements that stands at `index`, which may
  /// lie beyond it.
  func source(of index: Int, extent: Int) -> Int {
    switch self {
    case .constant, .edge: return min(max(index, 0), extent - 1)
    case .wrap: return index.modulo(extent)
    case .reflect:
      let period = max(1, 2 * (extent - 1))
      let place = index.modulo(period)
      return place < extent ? place : period - place
    }
  }
}

extension Int {
  /// The remainder in `0..<divisor`.
  fileprivate func modulo(_ divisor: Int) -> Int {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}

extension PadOperator: DifferentiableOperator {
  /// What is left without the padding, plus, unless it is constant, what the padding copies.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.shape(0)
    let (before, after) = try counts(
      site.integers(1), site.has(3) ? site.integers(3) : nil, rank: shape.rank)
    let gradient = try site.outputGradient()
    if mode == .constant {
      let opposite = try site.list((before + after).map { 0 &- $0 })
      return site.padded([site.add("Pad", [gradient, opposite])])
    }
    return site.padded([try folded(site, gradient, before, after)])
  }

  /// The gradient summed axis by axis to the elements that the padding copies.
  private func folded(
    _ site: GradientSite, _ gradient: String, _ before: [Int], _ after: [Int]
  ) throws -> String {
    let (input, output) = (try site.shape(0), try site.outputShape())
    var extents = output.dimensions
    var result = gradient
    for axis in extents.indices where before[axis] != 0 || after[axis] != 0 {
      let sources = (0..<output[axis]).map {
        mode.source(of: $0 - before[axis], extent: input[axis])
      }
      extents[axis] = input[axis]
      result = try site.scatter(result, sources, axis: axis, into: Shape.checked(extents))
    }
    return result
  }
}
