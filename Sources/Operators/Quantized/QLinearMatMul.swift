import Kernels
import ModelGraph
import Tensors

/// `QLinearMatMul` (ai.onnx 21): the product of two quantized stacks of matrices, quantized again:
/// saturate(round(sum · (a_scale · b_scale / y_scale)) + y_zero_point).
///
/// Inputs: a, its scale and zero point (one for all or for each row), b, its own (for all or for each
/// column), the result's. 8-bit integers are summed exactly; fp8 in Float.
struct QLinearMatMulOperator: PreparableOperator {
  static let opType = "QLinearMatMul"

  /// b where it is a constant matrix, packed.
  private var packed: PackedIntegers?

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let dimensions = try MatrixShapes.infer(try context.type(0, "a"), try context.type(3, "b"))
    return [TensorType(try context.type(7, "y_zero_point").dtype, dimensions)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let a = try context.input(0, "a")
    let shapes = try MatrixShapes(a.shape, packed?.shape ?? context.input(3, "b").shape)
    let zero = try context.input(7, "y_zero_point")
    let sums = try sums(a, shapes, context)
    let scales = try LaneScales(
      rows: try context.input(1, "a_scale"), columns: try context.input(4, "b_scale"),
      result: try context.input(6, "y_scale"), shapes)
    guard zero.elementCount == 1, let shift = zero.doubles.first else {
      throw OperatorError.inputShape(index: 7, expected: "a scalar", found: zero.shape)
    }
    let output = try context.allocate(zero.dtype, shapes.shape)
    let reals = sums.mutablePointer(as: Float.self)
    let range = IntegerRange(zero.dtype)
    shapes.forEachProduct { product, left, right in
      for row in 0..<shapes.rows {
        for column in 0..<shapes.columns {
          let index = (product * shapes.rows + row) * shapes.columns + column
          let real = reals[index] * scales.factor(left, row, right, column)
          if let range {
            range.store(real, Float(shift), index, output)
          } else {
            reals[index] = real + Float(shift)
          }
        }
      }
    }
    if range == nil { sums.convert(into: output) }
    return [output]
  }

  /// The sums of products of elements less their zero points, as Float.
  private func sums(
    _ a: Tensor, _ shapes: MatrixShapes, _ context: ExecutionContext
  ) throws -> Tensor {
    if let packed {
      let left = try IntegerOperand(context, 0, "a", zeroPoint: 2)
      return try integerProduct(left, packed, shapes, context).converted(to: .float32)
    }
    let b = try context.input(3, "b")
    if a.dtype.isInteger {
      let left = try IntegerOperand(context, 0, "a", zeroPoint: 2)
      let right = try IntegerOperand(context, 3, "b", zeroPoint: 5)
      return try integerProduct(left, right, shapes, context).converted(to: .float32)
    }
    guard SmallFloatFormat(a.dtype) != nil, SmallFloatFormat(b.dtype) != nil else {
      throw OperatorError.inputType(index: 0, expected: "int8, uint8 or fp8", found: a.dtype)
    }
    let operands = try [(a, 2), (b, 5)].map { tensor, index in
      let subtract = ExecutionContext(
        inputs: [
          try tensor.converted(to: .float32),
          try context.input(index, "zero_point").converted(to: .float32),
        ], requestedOutputs: [true])
      return try subtract.combining(
        .subtract, Difference())
    }
    var attributes = AttributeReader(Node("MatMul", inputs: [], outputs: []))
    let product = try MatMulOperator(&attributes).run(
      as: Float.self, ExecutionContext(inputs: operands, requestedOutputs: [true]))[0]
    guard let product else { throw OperatorError.unsupported("a product without a result") }
    return product
  }
}

extension QLinearMatMulOperator {
  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    guard let packed = try PackedIntegers(constants, 3, zeroPoint: 5) else { return nil }
    var made = self
    made.packed = packed
    return (made, [3])
  }
}

/// The factors from sums of products to the quantized result.
private struct LaneScales {
  private let rows: [Float]
  private let columns: [Float]
  private let result: Float
  private let rowCount: Int
  private let columnCount: Int

  /// Scales of the rows of the left operand, the columns of the right one, and the result.
  init(rows: Tensor, columns: Tensor, result: Tensor, _ shapes: MatrixShapes) throws {
    self.rows = rows.doubles.map { Float($0) }
    self.columns = columns.doubles.map { Float($0) }
    guard result.elementCount == 1, let scale = result.doubles.first else {
      throw OperatorError.inputShape(index: 6, expected: "a scalar", found: result.shape)
    }
    self.result = Float(scale)
    rowCount = shapes.rows
    columnCount = shapes.columns
    for (index, scales, lanes) in [(1, self.rows, rowCount), (4, self.columns, columnCount)] {
      let isWhole = lanes > 0 && scales.count % lanes == 0 && !scales.isEmpty
      guard scales.count == 1 || isWhole else {
        throw OperatorError.inputValue(
          index: index, expected: "one scale or \(lanes)", found: "\(scales.count)")
      }
    }
  }

  func factor(_ left: Int, _ row: Int, _ right: Int, _ column: Int) -> Float {
    let rowScale = rows.count == 1 ? rows[0] : rows[(left * rowCount + row) % rows.count]
    let columnScale =
      columns.count == 1 ? columns[0] : columns[(right * columnCount + column) % columns.count]
    return rowScale * columnScale / result
  }
}

/// a − b.
private struct Difference: ElementPairFunction {
  @inline(__always) func callAsFunction(_ a: Float, _ b: Float) -> Float { a - b }
}
