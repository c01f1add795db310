import ModelGraph
import Tensors

/// A constant input as a plan knows it: elements, or smaller elements that stand for them.
public enum ConstantOperand: Sendable {
  /// The elements themselves.
  case tensor(Tensor)
  /// Elements of another type, to be converted (a Cast of a stored fp16 or bf16 weight).
  case cast(Tensor, to: DType)
  /// Integers that stand for real numbers (a DequantizeLinear of stored weights).
  case dequantized(DequantizedOperand)
}

/// A stored weight and the DequantizeLinear that makes real numbers of it.
public struct DequantizedOperand: Sendable {
  /// The stored integers (or fp8).
  public let values: Tensor
  /// The scales: scalar, one axis, or blocks along `axis`.
  public let scale: Tensor
  /// The zero points, of the values' type and the scales' shape; nil for zeros.
  public let zeroPoint: Tensor?
  /// The axis the scales run along, already counted from the front.
  public let axis: Int
  /// How many elements along `axis` share a scale; 0 for scales per tensor or per index.
  public let blockSize: Int
  /// The operator, to make the real numbers with.
  public let dequantize: any Operator

  /// Describes a dequantized weight.
  public init(
    values: Tensor, scale: Tensor, zeroPoint: Tensor?, axis: Int, blockSize: Int,
    dequantize: any Operator
  ) {
    self.values = values
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.axis = axis
    self.blockSize = blockSize
    self.dequantize = dequantize
  }
}

extension ConstantOperand {
  /// The type of the elements it stands for.
  public var dtype: DType {
    switch self {
    case .tensor(let tensor): tensor.dtype
    case .cast(_, let dtype): dtype
    case .dequantized(let operand): operand.scale.dtype
    }
  }

  /// The extents.
  public var shape: Shape {
    switch self {
    case .tensor(let tensor), .cast(let tensor, _): tensor.shape
    case .dequantized(let operand): operand.values.shape
    }
  }

  /// The elements it stands for.
  ///
  /// - Throws: what the operator behind it throws.
  public func materialized() throws -> Tensor {
    switch self {
    case .tensor(let tensor): return tensor
    case .cast(let tensor, let dtype): return try tensor.converted(to: dtype)
    case .dequantized(let operand):
      return try Self.result(
        of: operand.dequantize, [operand.values, operand.scale, operand.zeroPoint])
    }
  }

  /// The operand after a Transpose, whose operator is `transpose`: the stored elements are moved, and
  /// still stand for real numbers in the way they did.
  ///
  /// - Throws: `OperatorError.attribute` where the permutation is not one of the axes.
  public func transposed(by transpose: any Operator) throws -> ConstantOperand {
    func moved(_ tensor: Tensor) throws -> Tensor { try Self.result(of: transpose, [tensor]) }
    switch self {
    case .tensor(let tensor): return .tensor(try moved(tensor))
    case .cast(let tensor, let dtype): return .cast(try moved(tensor), to: dtype)
    case .dequantized(let operand):
      guard let order = try (transpose as? TransposeOperator)?.order(rank: shape.rank),
        let axis = order.firstIndex(of: operand.axis),
        let dequantize = operand.dequantize as? DequantizeLinearOperator
      else { return .tensor(try moved(materialized())) }
      let isBlocked = operand.blockSize > 0
      return .dequantized(
        DequantizedOperand(
          values: try moved(operand.values),
          scale: isBlocked ? try moved(operand.scale) : operand.scale,
          zeroPoint: try operand.zeroPoint.map { isBlocked ? try moved($0) : $0 },
          axis: axis, blockSize: operand.blockSize, dequantize: dequantize.along(axis)))
    }
  }

  private static func result(of made: any Operator, _ inputs: [Tensor?]) throws -> Tensor {
    let results = try made.run(ExecutionContext(inputs: inputs, requestedOutputs: [true]))
    guard let first = results.first, let tensor = first else {
      throw OperatorError.unsupported("a constant without a value")
    }
    return tensor
  }
}

/// An operator that works once, when a plan is built, on inputs that are constants: it packs its
/// weights for the kernels.
public protocol PreparableOperator: Operator {
  /// An operator that does the same and holds the constant inputs it needs, ready for its kernels.
  ///
  /// - Parameter constants: the node's inputs; nil where one is left out or is not a constant.
  /// - Returns: the operator and which inputs it will no longer be given (they arrive as nil); nil
  ///   where there is nothing to gain.
  func prepared(
    _ constants: [ConstantOperand?]
  ) throws -> (operator: any Operator, consumedInputs: Set<Int>)?
}
