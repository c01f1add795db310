import ModelGraph
import Tensors

/// `Concat` (ai.onnx 13): any number of tensors, alike but for the extent along `axis`, one after
/// another along it. All types.
struct ConcatOperator: Operator {
  static let opType = "Concat"

  private let axis: Int

  init(_ attributes: inout AttributeReader) throws { axis = try attributes.int("axis") }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let types = try context.inputs.indices.map { try context.type($0, "inputs") }
    let dtype = types.lazy.compactMap(\.dtype).first
    guard let rank = types.lazy.compactMap(\.rank).first else { return [.unknown(dtype)] }
    let axis = try normalized(axis: axis, rank: rank)
    guard types.allSatisfy({ $0.rank == rank || $0.rank == nil }) else {
      throw OperatorError.mismatch(
        expected: "inputs of one rank", found: "\(types.compactMap(\.rank))")
    }
    var result = [Dimension](repeating: .unknown, count: rank)
    for type in types {
      for (place, extent) in (type.dimensions ?? []).enumerated() where place != axis {
        if result[place].fixedValue == nil, extent != .unknown { result[place] = extent }
      }
    }
    let extents = types.map { $0.dimensions?[axis].fixedValue }
    if extents.allSatisfy({ $0 != nil }) {
      result[axis] = .fixed(extents.reduce(0) { $0 &+ ($1 ?? 0) })
    }
    return [TensorType(dtype, result)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let inputs = try context.inputs.indices.map { try context.input($0, "inputs") }
      guard let first = inputs.first else {
        throw OperatorError.inputCount(expected: "1 or more", found: 0)
      }
      let axis = try first.shape.checkedAxis(axis)
      let shape = try joined(inputs, axis)
      if inputs.count == 1 { return [first] }
      let output = try context.allocate(first.dtype, shape)
      let split = AxisSplit(shape, axis: axis)
      var position = 0
      for input in inputs {
        let run = input.shape[axis] * split.inner
        StridedCopy(
          extents: [split.outer, run], sourceStrides: [run, 1],
          targetStrides: [split.extent * split.inner, 1], byteWidth: first.dtype.byteWidth
        ).run(
          from: input.rawPointer,
          to: output.mutableRawPointer + position * first.dtype.byteWidth)
        position += run
      }
      return [output]
    }
  }

  private func joined(_ inputs: [Tensor], _ axis: Int) throws -> Shape {
    let first = inputs[0]
    var extents = first.shape.dimensions
    extents[axis] = 0
    for (index, input) in inputs.enumerated() {
      guard input.dtype == first.dtype else {
        throw OperatorError.inputType(
          index: index, expected: first.dtype.name, found: input.dtype)
      }
      var rest = input.shape.dimensions
      guard rest.count == extents.count else {
        throw OperatorError.inputShape(
          index: index, expected: "rank \(extents.count)", found: input.shape)
      }
      let (sum, overflow) = extents[axis].addingReportingOverflow(rest[axis])
      rest[axis] = extents[axis]
      guard rest == extents, !overflow else {
        throw OperatorError.inputShape(
          index: index, expected: "\(first.shape) but for axis \(axis)", found: input.shape)
      }
      extents[axis] = sum
    }
    return try Shape.checked(extents)
  }
}

extension ConcatOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shapes = try site.node.inputs.indices.map { try site.shape($0) }
    let axis = try normalized(axis: axis, rank: site.outputShape().rank)
    let parts = site.tape.add(
      "Split", [try site.outputGradient(), try site.list(shapes.map { $0[axis] })],
      outputCount: shapes.count, ["axis": .int(Int64(axis))])
    return parts
  }
}
