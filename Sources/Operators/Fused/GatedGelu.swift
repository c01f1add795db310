import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.GatedGelu` (GEGLU, Shazeer 2020): the first half of the last axis times Gelu of
/// the second; fp32. With `approximate` "tanh" Gelu is the tanh form.
struct GatedGeluOperator: Operator {
  static let opType = "GatedGelu"
  static let domain = FusedOperators.domain

  private let function: ElementwiseFunction

  init(_ attributes: inout AttributeReader) throws {
    function = try attributes.string("approximate", default: "none") == "tanh" ? .geluTanh : .gelu
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    guard var dimensions = input.dimensions, let last = dimensions.last else { return [input] }
    dimensions[dimensions.count - 1] = last.fixedValue.map { .fixed($0 / 2) } ?? .unknown
    return [TensorType(input.dtype, dimensions)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X", .float32)
    guard let last = input.shape.dimensions.last, last % 2 == 0 else {
      throw OperatorError.inputShape(
        index: 0, expected: "a last axis of two halves", found: input.shape)
    }
    let half = last / 2
    let output = try context.allocate(
      .float32, Shape.checked(input.shape.dimensions.dropLast() + [half]))
    guard output.elementCount > 0 else { return [output] }
    let source = input.pointer(as: Float.self)
    let target = output.mutablePointer(as: Float.self)
    Parallel.forEach(count: output.elementCount / half, grain: 1 + 16_384 / half) { rows in
      for row in rows {
        let (value, result) = (source + row * last, target + row * half)
        VectorMath.apply(function, value + half, result, count: half)
        VectorMath.apply(
          .multiply, result, .full, value, .full, result, rows: 1, columns: half)
      }
    }
    return [output]
  }
}
