import Kernels
import ModelGraph
import Tensors

/// `Gemm` (ai.onnx 13): `alpha` (1) · A′ · B′ + `beta` (1) · C, where A′ `[M, K]` is A or with
/// `transA` its transpose, B′ `[K, N]` likewise, and C is broadcast to `[M, N]`. All number types.
///
/// Integers wrap; with an alpha or beta other than 1 they are scaled in Double and rounded toward
/// zero.
struct GemmOperator: NumericOperator {
  static let opType = "Gemm"

  private let alpha: Float
  private let beta: Float
  private let transposesA: Bool
  private let transposesB: Bool

  init(_ attributes: inout AttributeReader) throws {
    alpha = try attributes.float("alpha", default: 1)
    beta = try attributes.float("beta", default: 1)
    transposesA = try attributes.flag("transA", default: false)
    transposesB = try attributes.flag("transB", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (a, b) = (try context.type(0, "A"), try context.type(1, "B"))
    let rows = a.dimensions.flatMap { $0.count == 2 ? $0[transposesA ? 1 : 0] : nil }
    let columns = b.dimensions.flatMap { $0.count == 2 ? $0[transposesB ? 0 : 1] : nil }
    return [TensorType(a.dtype ?? b.dtype, [rows ?? .unknown, columns ?? .unknown])]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    try context.requireSameType(0, 1, 2)
    let (a, b) = (try context.input(0, "A"), try context.input(1, "B"))
    let (rows, depth, columns) = try extents(a.shape, b.shape)
    let output = try context.allocate(a.dtype, Shape.checked([rows, columns]))
    let target = output.mutablePointer(as: type)
    multiply(
      view(a, transposesA, as: type), view(b, transposesB, as: type), into: target, rows: rows,
      depth: depth, columns: columns)
    if alpha != 1 {
      let factor = Double(alpha)
      mapElements(UnsafePointer(target), into: target, count: output.elementCount) {
        Number(nearest: $0.double * factor)
      }
    }
    if let c = context.optionalInput(2), beta != 0 { try add(c, to: output, as: type) }
    return [output]
  }

  private func extents(_ a: Shape, _ b: Shape) throws -> (rows: Int, depth: Int, columns: Int) {
    for (index, shape) in [a, b].enumerated() where shape.rank != 2 {
      throw OperatorError.inputShape(index: index, expected: "a matrix", found: shape)
    }
    let depth = a[transposesA ? 0 : 1]
    guard depth == b[transposesB ? 1 : 0] else {
      throw OperatorError.mismatch(
        expected: "matrices whose inner extents agree", found: "\(a) and \(b)")
    }
    return (a[transposesA ? 1 : 0], depth, b[transposesB ? 0 : 1])
  }

  private func view<Number>(
    _ tensor: Tensor, _ isTransposed: Bool, as type: Number.Type
  ) -> MatrixView<Number> {
    let width = tensor.shape[1]
    return MatrixView(
      base: tensor.pointer(as: type), rowStride: isTransposed ? 1 : width,
      columnStride: isTransposed ? width : 1)
  }

  private func add<Number: NumberElement>(
    _ c: Tensor, to output: Tensor, as type: Number.Type
  ) throws {
    guard c.shape.broadcast(with: output.shape) == output.shape else {
      throw OperatorError.inputShape(
        index: 2, expected: "a shape that broadcasts to \(output.shape)", found: c.shape)
    }
    let factor = Double(beta)
    let scales = beta != 1
    combineElements(
      Broadcast([output.shape, c.shape], to: output.shape), output.pointer(as: type),
      c.pointer(as: type), into: output.mutablePointer(as: type)
    ) { Number.sum($0, scales ? Number(nearest: $1.double * factor) : $1) }
  }
}
