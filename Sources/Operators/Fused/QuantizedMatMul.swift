import Kernels
import ModelGraph
import Tensors

/// `imgconv.fused.QuantizedMatMul`: MatMul (or with `transB` Gemm) of a dequantized activation and a
/// dequantized constant matrix, with integers: `QuantizedLayer`, lanes being columns.
struct QuantizedMatMulOperator: PreparableOperator {
  static let opType = "QuantizedMatMul"
  static let domain = FusedOperators.domain

  private let transposesB: Bool
  private var layer: QuantizedLayer
  private var matrix: Int8Matrix?

  init(_ attributes: inout AttributeReader) throws {
    layer = try QuantizedLayer(&attributes)
    transposesB = try attributes.flag("transB", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let x = try context.type(0, "x")
    let w = try context.type(QuantizedLayer.weightInput, "w").dimensions
    guard var dimensions = x.dimensions, !dimensions.isEmpty else {
      return [.unknown(layer.resultType(context))]
    }
    dimensions[dimensions.count - 1] =
      w.flatMap { $0.count == 2 ? $0[transposesB ? 0 : 1] : nil } ?? .unknown
    return [TensorType(layer.resultType(context), dimensions)]
  }

  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)? {
    let (lanes, depths) = transposesB ? (0, 1) : (1, 0)
    guard constants.count > QuantizedLayer.weightInput,
      let weight = try QuantizedWeight(
        constants[QuantizedLayer.weightInput], lanes: lanes),
      weight.operand.tensor.shape.rank == 2
    else {
      throw OperatorError.unsupported("weights that are not constant integers")
    }
    let shape = weight.operand.tensor.shape
    var made = self
    made.matrix = try Int8Matrix(
      packing: weight.operand.tensor.rawPointer, isSigned: weight.operand.isSigned,
      depth: shape[depths], columns: shape[lanes], depthStride: transposesB ? 1 : shape[1],
      columnStride: transposesB ? shape[1] : 1, zeroPoints: weight.operand.zeroPoints)
    made.layer.weightScales = weight.scales
    withExtendedLifetime(weight) {}
    return (made, [QuantizedLayer.weightInput])
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    guard let matrix else {
      throw OperatorError.unsupported("weights that are not constant integers")
    }
    let x = try layer.activation(context)
    let shapes = try MatrixShapes(x.tensor.shape, [matrix.depth, matrix.columns])
    let output = try context.allocate(layer.resultType(context), shapes.shape)
    try layer.weightScales.withUnsafeBufferPointer { scales in
      guard let base = scales.baseAddress, output.elementCount > 0 else { return }
      let epilogue = try layer.epilogue(
        context, shape: output.shape,
        QuantizedLayer.Lanes(
          count: shapes.columns, areRows: false, rowElements: shapes.columns), scales: base)
      matrix.multiply(
        x.tensor.rawPointer, isSigned: x.isSigned, rows: shapes.rows * shapes.count,
        zeroPoints: x.zeroPoints, into: output.mutableRawPointer, epilogue: epilogue)
    }
    withExtendedLifetime(x) {}
    return [output]
  }
}
