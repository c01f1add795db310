import ModelGraph
import Tensors

/// `OneHot` (ai.onnx 28): `values[1]` where the new axis's index equals `indices`, `values[0]`
/// elsewhere; the new axis has extent `depth` and stands at `axis` (−1, the last).
///
/// Indices in −depth … −1 count from the end; others out of range give no `values[1]`. Indices and
/// depth are numbers of any type, values of any type.
struct OneHotOperator: Operator {
  static let opType = "OneHot"

  private let axis: Int

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -1)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let dtype = try context.type(2, "values").dtype
    guard var dimensions = try context.type(0, "indices").dimensions else {
      return [.unknown(dtype)]
    }
    let depth = context.value(1)?.doubles.first.flatMap { Int(exactly: $0.rounded(.towardZero)) }
    let place = try normalized(axis: axis, rank: dimensions.count + 1)
    dimensions.insert(depth.map { .fixed(max(0, $0)) } ?? .unknown, at: place)
    return [TensorType(dtype, dimensions)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let indices = try context.input(0, "indices")
      let depth = try extent(of: try context.input(1, "depth"))
      let values = try context.input(2, "values")
      guard values.elementCount == 2 else {
        throw OperatorError.inputShape(index: 2, expected: "two elements", found: values.shape)
      }
      let place = try normalized(axis: axis, rank: indices.shape.rank + 1)
      var extents = indices.shape.dimensions
      extents.insert(depth, at: place)
      let output = try context.allocate(values.dtype, Shape.checked(extents))
      let inner = indices.shape.elementCount(of: place..<indices.shape.rank)
      switch values.dtype.byteWidth {
      case 1: try fill(output, indices, values, depth, inner, as: UInt8.self)
      case 2: try fill(output, indices, values, depth, inner, as: UInt16.self)
      case 4: try fill(output, indices, values, depth, inner, as: UInt32.self)
      case 8: try fill(output, indices, values, depth, inner, as: UInt64.self)
      default: try fill(output, indices, values, depth, inner, as: SIMD2<UInt64>.self)
      }
      return [output]
    }
  }

  private func extent(of depth: Tensor) throws -> Int {
    guard depth.elementCount == 1, let real = depth.doubles.first,
      let extent = Int(exactly: real.rounded(.towardZero)), extent >= 0
    else {
      throw OperatorError.inputValue(
        index: 1, expected: "one extent of 0 or more",
        found: depth.doubles.prefix(3).map { "\($0)" }.joined(separator: ", "))
    }
    return extent
  }

  private func fill<Word: BitwiseCopyable>(
    _ output: Tensor, _ indices: Tensor, _ values: Tensor, _ depth: Int, _ inner: Int,
    as type: Word.Type
  ) throws {
    let choices = values.pointer(as: type)
    let target = output.mutablePointer(as: type)
    target.update(repeating: choices[0], count: output.elementCount)
    let positions = try indices.converted(to: .int64)
    let pointer = positions.pointer(as: Int64.self)
    for index in 0..<indices.elementCount {
      let wanted = Int(pointer[index])
      guard wanted >= -depth, wanted < depth else { continue }
      let along = wanted < 0 ? wanted + depth : wanted
      target[(index / inner * depth + along) * inner + index % inner] = choices[1]
    }
    withExtendedLifetime(positions) {}
  }
}
