import Kernels
import ModelGraph
import Tensors

/// `Gemm` (ai.onnx 13): `alpha` (1) · A′ · B′ + `beta` (1) · C, where A′ `[M, K]` is A or with
/// `transA` its transpose, B′ `[K, N]` likewise, and C is broadcast to `[M, N]`. All number types.
///
/// Integers wrap; with an alpha or beta other than 1 they are scaled in Double and rounded toward
/// zero.
struct GemmOperator: NumericOperator, PreparableOperator {
  static let opType = "Gemm"

  private let alpha: Float
  private let beta: Float
  private let transposesA: Bool
  private let transposesB: Bool
  /// B where it is constant, packed.
  private var packed: PackedOperand?

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
    if Number.self == Float.self { return [try multiplyFloats(context)] }
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

extension GemmOperator {
  /// The fp32 kernel: everything in one pass where C is a row, a column or a whole matrix.
  private func multiplyFloats(_ context: ExecutionContext) throws -> Tensor {
    let a = try context.input(0, "A", .float32)
    let b = try packed == nil ? context.input(1, "B", .float32) : nil
    let c = try beta == 0 ? nil : context.optionalInput(2, of: .float32)
    let (rows, depth, columns) = try extents(a.shape, packed?.shape ?? b?.shape ?? .scalar)
    let output = try context.allocate(.float32, Shape.checked([rows, columns]))
    var epilogue = ProductEpilogue(scale: alpha)
    let isFused = beta == 1 && c.map { fuse($0, output.shape, &epilogue) } ?? true
    let right: MatrixProduct.Operand
    if let packed {
      right = .packed(packed.matrix)
    } else if let b {
      right = view(b, transposesB, as: Float.self).operand()
    } else {
      throw OperatorError.missingInput(index: 1, name: "B")
    }
    MatrixProduct(rows: rows, depth: depth, columns: columns).run(
      view(a, transposesA, as: Float.self).operand(), right, into: output.mutablePointer(),
      epilogue: epilogue)
    if let c, !isFused { try add(c, to: output, as: Float.self) }
    withExtendedLifetime((a, b, c)) {}
    return output
  }

  /// Has the product add C; false where C is of another shape than it can.
  private func fuse(_ c: Tensor, _ result: Shape, _ epilogue: inout ProductEpilogue) -> Bool {
    if c.shape == result {
      epilogue.residual = c.pointer()
    } else if c.shape == [result[1]] || c.shape == [1, result[1]] {
      epilogue.columnBias = c.pointer()
    } else if c.shape == [result[0], 1] {
      epilogue.rowBias = c.pointer()
    } else {
      return false
    }
    return true
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard constants.count >= 2, let b = constants[1], b.shape.rank == 2,
      let packed = try PackedOperand(right: b, isTransposed: transposesB)
    else { return nil }
    var made = self
    made.packed = packed
    return (made, [1])
  }
}

extension GemmOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    let (a, b) = (site.input(0), site.input(1))
    var results: [String?] = [nil, nil, nil]
    if site.needs(0) {
      results[0] =
        transposesA
        ? product(site, b, gradient, transposesB, true)
        : product(site, gradient, b, false, !transposesB)
    }
    if site.needs(1) {
      results[1] =
        transposesB
        ? product(site, gradient, a, true, transposesA)
        : product(site, a, gradient, !transposesA, false)
    }
    if site.needs(2) {
      results[2] = try site.scale(site.reduce(gradient, toInput: 2), by: Double(beta))
    }
    return Array(results.prefix(site.node.inputs.count))
  }

  private func product(
    _ site: GradientSite, _ a: String, _ b: String, _ transposesA: Bool, _ transposesB: Bool
  ) -> String {
    site.add(
      "Gemm", [a, b],
      [
        "alpha": .float(alpha), "transA": .int(transposesA ? 1 : 0),
        "transB": .int(transposesB ? 1 : 0),
      ])
  }
}
