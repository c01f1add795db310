import ModelGraph
import Tensors

/// `Reshape` (ai.onnx 25): the same elements under the shape of input 1. All types.
///
/// One extent may be −1: what remains. A 0 stands for the input's extent at that place, or with
/// `allowzero` (0) for an empty axis.
struct ReshapeOperator: Operator {
  static let opType = "Reshape"

  private let allowsZero: Bool

  init(_ attributes: inout AttributeReader) throws {
    allowsZero = try attributes.flag("allowzero", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "data")
    guard let wanted = context.ints(1) else {
      let rank = context.optionalType(1)?.dimensions?.first?.fixedValue
      return [.unknown(type.dtype, rank: rank)]
    }
    if let shape = type.shape {
      return [TensorType(type.dtype, try resolve(wanted, shape).dimensions.map(Dimension.fixed))]
    }
    let extents = wanted.enumerated().map { axis, extent -> Dimension in
      if extent == 0, !allowsZero {
        guard let dimensions = type.dimensions, axis < dimensions.count else { return .unknown }
        return dimensions[axis]
      }
      return extent < 0 ? .unknown : .fixed(extent)
    }
    return [TensorType(type.dtype, extents)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "data")
    return [input.reshaped(try resolve(try context.integers(1, "shape"), input.shape))]
  }

  private func resolve(_ wanted: [Int], _ shape: Shape) throws -> Shape {
    var extents = wanted
    for axis in extents.indices where extents[axis] == 0 && !allowsZero {
      guard axis < shape.rank else { throw mismatch(wanted, shape) }
      extents[axis] = shape[axis]
    }
    let open = extents.indices.filter { extents[$0] == -1 }
    guard open.count <= 1 else { throw mismatch(wanted, shape) }
    if let axis = open.first {
      extents[axis] = 1
      let rest = try Shape.checked(extents).elementCount
      guard rest > 0, shape.elementCount % rest == 0 else { throw mismatch(wanted, shape) }
      extents[axis] = shape.elementCount / rest
    }
    let result = try Shape.checked(extents)
    guard result.elementCount == shape.elementCount else { throw mismatch(wanted, shape) }
    return result
  }

  private func mismatch(_ wanted: [Int], _ shape: Shape) -> OperatorError {
    .inputValue(
      index: 1, expected: "a shape of \(shape.elementCount) elements for \(shape)",
      found: "\(wanted)")
  }
}

extension ReshapeOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.padded([try site.reshape(site.outputGradient(), to: site.shape(0))])
  }
}
