import Kernels
import ModelGraph
import Tensors

/// `GridSample` (ai.onnx 16, 20, 22): samples `X [N, C, D1, …, Dr]` at the points of
/// `grid [N, O1, …, Or, r]`, whose coordinates run from −1 to 1, innermost axis first (Jaderberg et
/// al. 2015).
///
/// X may hold numbers of every type; integers are computed in fp64 and cut to integers at the end.
/// A coordinate that is NaN counts as far outside.
struct GridSampleOperator: Operator {
  static let opType = "GridSample"

  private let sampling: GridSampling

  init(_ attributes: inout AttributeReader) throws {
    sampling = GridSampling(
      mode: try attributes.choice("mode", default: .linear),
      padding: try attributes.choice("padding_mode", default: .zeros),
      alignsCorners: try attributes.flag("align_corners", default: false))
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    guard let x = input.dimensions, x.count >= 2 else { return [.unknown(input.dtype)] }
    guard let grid = try context.type(1, "grid").dimensions, grid.count == x.count else {
      return [.unknown(input.dtype, rank: x.count)]
    }
    return [TensorType(input.dtype, Array(x[..<2]) + grid[1..<(grid.count - 1)])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    _ = try context.realType(1, "grid")
    guard !input.dtype.isReal else {
      return try context.computingReals(results: [input.dtype]) { wide, context in
        wide == .float64
          ? try sample(context, as: Double.self) : try sample(context, as: Float.self)
      }
    }
    guard input.dtype.isInteger || input.dtype == .bool else {
      throw OperatorError.inputType(index: 0, expected: "numbers", found: input.dtype)
    }
    let wide = context.replacing(
      inputs: [try input.converted(to: .float64)] + context.inputs.dropFirst(),
      overwritable: [Bool](repeating: false, count: context.inputs.count))
    return try wide.computingReals(results: [input.dtype]) { _, context in
      try sample(context, as: Double.self)
    }
  }

  private func sample<Real: RealElement>(
    _ context: ExecutionContext, as type: Real.Type
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X", Real.dtype)
    let grid = try context.input(1, "grid", Real.dtype)
    let rank = input.shape.rank - 2
    guard rank >= 1 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: input.shape)
    }
    guard grid.shape.rank == rank + 2, grid.shape[0] == input.shape[0],
      grid.shape[rank + 1] == rank
    else {
      throw OperatorError.inputShape(
        index: 1, expected: "[\(input.shape[0]), \(rank) extents, \(rank)]", found: grid.shape)
    }
    let extents = Array(input.shape.dimensions[2...])
    let places = Array(grid.shape.dimensions[1...rank])
    let output = try context.allocate(
      Real.dtype, try Shape(checking: input.shape.dimensions[..<2] + places))
    guard output.elementCount > 0 else { return [output] }
    guard !extents.contains(0) else {
      throw OperatorError.inputShape(
        index: 0, expected: "spatial extents above 0", found: input.shape)
    }
    let pointCount = places.reduce(1, *)
    let planeCount = extents.reduce(1, *)
    let channels = input.shape[1]
    let points = grid.pointer(as: Real.self)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    Parallel.forEach(count: input.shape[0] * pointCount, grain: 256) { range in
      for point in range {
        let image = point / pointCount
        let taps = (0..<rank).map { axis in
          sampling.taps(points[point * rank + (rank - 1 - axis)], extent: extents[axis])
        }
        for channel in 0..<channels {
          let plane = image * channels + channel
          target[plane * pointCount + point % pointCount] =
            GridSampling.mix(source + plane * planeCount, extents, taps)
        }
      }
    }
    return [output]
  }
}
