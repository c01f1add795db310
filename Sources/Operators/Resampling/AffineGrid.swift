import ModelGraph
import Tensors

/// `AffineGrid` (ai.onnx 20): the points of a regular grid from −1 to 1, moved by `theta`
/// `[N, 2, 3]` for `size` N, C, H, W, or `[N, 3, 4]` for N, C, D, H, W: `[N, …, axes]`, innermost
/// coordinate first, for GridSample.
struct AffineGridOperator: RealOperator {
  static let opType = "AffineGrid"

  private let alignsCorners: Bool

  init(_ attributes: inout AttributeReader) throws {
    alignsCorners = try attributes.flag("align_corners", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let theta = try context.type(0, "theta")
    guard let size = context.ints(1), size.count == 4 || size.count == 5 else {
      return [.unknown(theta.dtype, rank: context.optionalType(1)?.dimensions?.first?.fixedValue)]
    }
    let extents = [size[0]] + size[2...] + [size.count - 2]
    return [TensorType(theta.dtype, try Shape(checking: extents).dimensions.map(Dimension.fixed))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let theta = try context.input(0, "theta")
    let size = try context.integers(1, "size")
    guard size.count == 4 || size.count == 5 else {
      throw OperatorError.inputShape(index: 1, expected: "[4] or [5]", found: [size.count])
    }
    let rank = size.count - 2
    guard theta.shape == [theta.shape.dimensions.first ?? 0, rank, rank + 1],
      theta.shape[0] == size[0]
    else {
      throw OperatorError.inputShape(
        index: 0, expected: "[\(size[0]), \(rank), \(rank + 1)]", found: theta.shape)
    }
    let spatial = try Shape(checking: Array(size[2...]))
    let output = try context.allocate(
      theta.dtype, try Shape(checking: [size[0]] + spatial.dimensions + [rank]))
    let matrix = theta.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let count = spatial.elementCount
    for image in 0..<size[0] {
      let own = matrix + image * rank * (rank + 1)
      for point in 0..<count {
        let coordinates = coordinates(point, spatial, as: type)
        let result = target + (image * count + point) * rank
        for row in 0..<rank {
          var sum = own[row * (rank + 1) + rank]
          for column in 0..<rank { sum += own[row * (rank + 1) + column] * coordinates[column] }
          result[row] = sum
        }
      }
    }
    return [output]
  }

  /// The coordinates of a grid point, innermost axis first.
  private func coordinates<Real: RealElement>(
    _ point: Int, _ spatial: Shape, as type: Real.Type
  ) -> [Real] {
    var rest = point
    return spatial.dimensions.reversed().map { extent in
      let (quotient, index) = rest.quotientAndRemainder(dividingBy: extent)
      rest = quotient
      if alignsCorners {
        return extent == 1 ? -1 : -1 + 2 * Real(index) / Real(extent - 1)
      }
      return (2 * Real(index) + 1) / Real(extent) - 1
    }
  }
}
