import ModelGraph
import Tensors

/// `Gather` (ai.onnx 13): the slices of `data` along `axis` (0) at `indices`, whose axes take the
/// axis's place. Negative indices count from the end. All types.
struct GatherOperator: PreparableOperator {
  static let opType = "Gather"

  private let axis: Int
  /// `data` where it is a constant kept in a smaller type.
  private var table: StoredTable?

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: 0)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (data, indices) = (try context.type(0, "data"), try context.type(1, "indices"))
    guard let extents = data.dimensions, let inserted = indices.dimensions else {
      return [.unknown(data.dtype)]
    }
    let axis = try normalized(axis: axis, rank: extents.count)
    return [
      TensorType(data.dtype, Array(extents[..<axis]) + inserted + Array(extents[(axis + 1)...]))
    ]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard constants.count == 2, let data = constants[0],
      try data.shape.checkedAxis(axis) == 0, let table = StoredTable(data)
    else { return nil }
    var made = self
    made.table = table
    return (made, [0])
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    if let table {
      let indices = try context.integers(1, "indices").map {
        try checkedIndex($0, extent: table.shape[0], input: 1)
      }
      return [try table.rows(indices, as: context.input(1, "indices").shape)]
    }
    return try context.movingStrings { context in
      let data = try context.input(0, "data")
      let axis = try data.shape.checkedAxis(axis)
      let split = AxisSplit(data.shape, axis: axis)
      let indices = try context.integers(1, "indices").map {
        try checkedIndex($0, extent: split.extent, input: 1)
      }
      let extents =
        Array(data.shape.dimensions[..<axis]) + (try context.input(1, "indices")).shape.dimensions
        + Array(data.shape.dimensions[(axis + 1)...])
      let output = try context.allocate(data.dtype, Shape.checked(extents))
      GatheredSlices(split: split, byteWidth: data.dtype.byteWidth)
        .copy(indices, from: data.rawPointer, to: output.mutableRawPointer)
      return [output]
    }
  }
}

/// `index` counted from the start.
///
/// - Throws: `OperatorError.inputValue` outside `-extent..<extent`.
func checkedIndex(_ index: Int, extent: Int, input: Int) throws -> Int {
  let place = index < 0 ? index &+ extent : index
  guard place >= 0, place < extent else {
    throw OperatorError.inputValue(
      index: input, expected: "indices from \(-extent) to \(extent - 1)", found: "\(index)")
  }
  return place
}

extension GatherOperator: DifferentiableOperator {
  /// Each slice of the gradient added where it was taken.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let (data, indices) = (try site.shape(0), try site.shape(1))
    let axis = try data.checkedAxis(axis)
    let taken = Array(axis..<(axis + indices.rank))
    let others = (0..<(data.rank - 1 + indices.rank)).filter { !taken.contains($0) }
    let moved =
      axis == 0
      ? try site.outputGradient() : site.transpose(try site.outputGradient(), taken + others)
    let places = site.add("Unsqueeze", [site.input(1), try site.list([indices.rank])])
    let wide = site.add("Cast", [places], ["to": .int(Int64(DType.int64.rawValue))])
    let order = [axis] + data.dimensions.indices.filter { $0 != axis }
    let zeros = site.add(
      "Expand", [try site.number(0), try site.list(order.map { data[$0] })])
    let sum = site.add("ScatterND", [zeros, wide, moved], ["reduction": .text("add")])
    guard axis != 0 else { return [sum, nil] }
    return [site.transpose(sum, Array(1...axis) + [0] + Array((axis + 1)..<data.rank)), nil]
  }
}

extension GradientSite {
  /// Zeros of `shape` with the slices of `value` along `axis` added at `places`.
  func scatter(
    _ value: String, _ places: [Int], axis: Int, into shape: Shape
  ) throws -> String {
    let others = shape.dimensions.indices.filter { $0 != axis }
    let moved = axis == 0 ? value : transpose(value, [axis] + others)
    let zeros = add(
      "Expand", [try number(0), try list([shape[axis]] + others.map { shape[$0] })])
    let indices = tape.constant(try Tensor(places.map(Int64.init), [places.count, 1]))
    let sum = add("ScatterND", [zeros, indices, moved], ["reduction": .text("add")])
    guard axis != 0 else { return sum }
    return transpose(sum, Array(1...axis) + [0] + Array((axis + 1)..<shape.rank))
  }
}
