import ModelGraph
import Tensors

/// `MeanVarianceNormalization` (ai.onnx 9, 13): (x − mean) / (√variance + 1e-9) over `axes`.
struct MeanVarianceNormalizationOperator: RealOperator {
  static let opType = "MeanVarianceNormalization"

  /// What ONNX's function body adds to the deviation.
  private static let epsilon = 1e-9

  private let axes: [Int]

  init(_ attributes: inout AttributeReader) throws {
    axes = try attributes.ints("axes", default: [0, 2, 3])
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    if let rank = input.rank { _ = try normalizedAxes(rank: rank) }
    return [input]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let shape = input.shape
    let reduced = try normalizedAxes(rank: shape.rank)
    let output = try context.allocate(input.dtype, shape)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let inner = Self.offsets(shape, Array(0..<shape.rank).filter { reduced.contains($0) })
    let outer = Self.offsets(shape, Array(0..<shape.rank).filter { !reduced.contains($0) })
    for start in outer {
      let moments = RowMoments(count: inner.count) { source[start + inner[$0]] }
      let divisor = moments.variance.squareRoot() + Self.epsilon
      for offset in inner {
        target[start + offset] = Real((Double(source[start + offset]) - moments.mean) / divisor)
      }
    }
    return [output]
  }

  private func normalizedAxes(rank: Int) throws -> Set<Int> {
    Set(try axes.map { try normalized(axis: $0, rank: rank, attribute: "axes") })
  }

  /// Where the elements of the sub-tensor along `axes` lie from its first.
  private static func offsets(_ shape: Shape, _ axes: [Int]) -> [Int] {
    let strides = shape.strides
    return axes.reduce([0]) { offsets, axis in
      offsets.flatMap { offset in (0..<shape[axis]).map { offset + $0 * strides[axis] } }
    }
  }
}
