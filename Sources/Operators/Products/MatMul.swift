import Kernels
import ModelGraph
import Tensors

/// `MatMul` (ai.onnx 13): products of matrices, as numpy.matmul: leading axes broadcast, a vector
/// counts as a row on the left and a column on the right. All number types, integers wrap.
struct MatMulOperator: NumericOperator, PreparableOperator {
  static let opType = "MatMul"

  /// B where it is a constant matrix, packed.
  private var packed: PackedOperand?

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (a, b) = (try context.type(0, "A"), try context.type(1, "B"))
    return [TensorType(a.dtype ?? b.dtype, try MatrixShapes.infer(a, b))]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    if let packed { return [try multiplyPacked(packed, context, bias: nil, tail: nil)] }
    try context.requireSameType(0, 1)
    let (a, b) = (try context.input(0, "A"), try context.input(1, "B"))
    let shapes = try MatrixShapes(a.shape, b.shape)
    let output = try context.allocate(a.dtype, shapes.shape)
    let (left, right) = (a.pointer(as: type), b.pointer(as: type))
    let target = output.mutablePointer(as: type)
    let (rows, depth, columns) = (shapes.rows, shapes.depth, shapes.columns)
    if Number.self == Float.self {
      multiplyFloats(shapes, a.pointer(), b.pointer(), into: output.mutablePointer())
      return [output]
    }
    shapes.forEachProduct { product, leftMatrix, rightMatrix in
      multiply(
        MatrixView(base: left + leftMatrix * rows * depth, rowStride: depth, columnStride: 1),
        MatrixView(
          base: right + rightMatrix * depth * columns, rowStride: columns, columnStride: 1),
        into: target + product * rows * columns, rows: rows, depth: depth, columns: columns)
    }
    return [output]
  }
}

extension MatMulOperator {
  /// Stacks of matrices, as many at a time as lie evenly apart.
  private func multiplyFloats(
    _ shapes: MatrixShapes, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) {
    let (rows, depth, columns) = (shapes.rows, shapes.depth, shapes.columns)
    shapes.forEachRun { run in
      // Matrices times one matrix are one taller matrix times it.
      let isTall = run.rightStep == 0 && run.leftStep == 1
      let product = MatrixProduct(
        rows: isTall ? rows * run.count : rows, depth: depth, columns: columns,
        count: isTall ? 1 : run.count)
      product.run(
        .strided(
          left + run.left * rows * depth, rowStride: depth, columnStride: 1,
          matrixStride: run.leftStep * rows * depth),
        .strided(
          right + run.right * depth * columns, rowStride: columns, columnStride: 1,
          matrixStride: run.rightStep * depth * columns),
        into: target + run.product * rows * columns)
    }
  }

  /// The fp32 product, then `bias` `[columns]` added, then the tail.
  func run(_ context: ExecutionContext, bias: Tensor?, tail: FusedTail) throws -> Tensor {
    if let packed { return try multiplyPacked(packed, context, bias: bias, tail: tail) }
    guard let product = try run(as: Float.self, context)[0] else {
      throw OperatorError.missingInput(index: 0, name: "A")
    }
    return try applied(bias, tail, to: product, context)
  }

  private func applied(
    _ bias: Tensor?, _ tail: FusedTail?, to product: Tensor, _ context: ExecutionContext
  ) throws -> Tensor {
    var result = product
    if let bias {
      result = try FusedTail(activation: .none(), residual: bias).applied(to: result, context)
    }
    return try tail?.applied(to: result, context) ?? result
  }

  /// The product of A, whose matrices make one tall matrix, and the packed B.
  private func multiplyPacked(
    _ b: PackedOperand, _ context: ExecutionContext, bias: Tensor?, tail: FusedTail?
  ) throws -> Tensor {
    let a = try context.input(0, "A", .float32)
    let shapes = try MatrixShapes(a.shape, b.shape)
    let output = try context.allocate(.float32, shapes.shape)
    var epilogue = ProductEpilogue()
    let isBiased = bias?.shape == [shapes.columns]
    if isBiased { epilogue.columnBias = bias?.pointer() }
    let isWhole = (isBiased || bias == nil) && tail?.join(&epilogue, shapes.shape) ?? true
    let product = MatrixProduct(
      rows: shapes.rows * shapes.count, depth: shapes.depth, columns: shapes.columns)
    product.run(
      .strided(a.pointer(), rowStride: shapes.depth, columnStride: 1), .packed(b.matrix),
      into: output.mutablePointer(), epilogue: epilogue)
    withExtendedLifetime((a, bias, tail?.residual)) {}
    return try isWhole ? output : applied(isBiased ? nil : bias, tail, to: output, context)
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard constants.count == 2, let b = constants[1], (1...2).contains(b.shape.rank),
      let packed = try PackedOperand(right: b)
    else { return nil }
    var made = self
    made.packed = packed
    return (made, [1])
  }
}

extension MatMulOperator: DifferentiableOperator {
  /// dA = dY · Bᵀ and dB = Aᵀ · dY, summed over the axes that were broadcast.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let (a, b) = (try site.shape(0), try site.shape(1))
    // A vector counts as a row on the left and a column on the right.
    let left = a.rank == 1 ? Shape([1, a[0]]) : a
    let right = b.rank == 1 ? Shape([b[0], 1]) : b
    if right.rank == 2 { return try tallGradient(site, left, right) }
    let rank = max(left.rank, right.rank)
    let batch = try site.outputShape().dimensions.prefix(rank - 2)
    let whole = try Shape.checked(batch + [left[left.rank - 2], right[right.rank - 1]])
    let gradient = try site.reshape(site.outputGradient(), to: whole)
    var results: [String?] = [nil, nil]
    if site.needs(0) {
      let other = Self.transposed(site, try site.reshape(site.input(1), to: right), right.rank)
      let shape = try Shape.checked(batch + left.dimensions.suffix(2))
      let own = try site.reduce(site.add("MatMul", [gradient, other]), shape, to: left)
      results[0] = try site.reshape(own, to: a)
    }
    if site.needs(1) {
      let other = Self.transposed(site, try site.reshape(site.input(0), to: left), left.rank)
      let shape = try Shape.checked(batch + right.dimensions.suffix(2))
      let own = try site.reduce(site.add("MatMul", [other, gradient]), shape, to: right)
      results[1] = try site.reshape(own, to: b)
    }
    return results
  }

  private static func transposed(_ site: GradientSite, _ value: String, _ rank: Int) -> String {
    site.transpose(value, Array(0..<(rank - 2)) + [rank - 1, rank - 2])
  }

  /// All rows of A times one matrix B: products of matrices alone.
  private func tallGradient(
    _ site: GradientSite, _ left: Shape, _ right: Shape
  ) throws -> [String?] {
    let rows = left.elementCount(of: 0..<(left.rank - 1))
    let gradient = try site.reshape(
      site.outputGradient(), to: Shape.checked([rows, right[1]]))
    var results: [String?] = [nil, nil]
    if site.needs(0) {
      let b = try site.reshape(site.input(1), to: right)
      let product = site.add("Gemm", [gradient, b], ["transB": .int(1)])
      results[0] = try site.reshape(product, to: site.shape(0))
    }
    if site.needs(1) {
      let a = try site.reshape(site.input(0), to: Shape.checked([rows, right[0]]))
      let product = site.add("Gemm", [a, gradient], ["transA": .int(1)])
      results[1] = try site.reshape(product, to: site.shape(1))
    }
    return results
  }
}
