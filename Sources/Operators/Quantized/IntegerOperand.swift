import Tensors

/// An 8-bit operand of an integer product or convolution with its zero points.
struct IntegerOperand {
  let tensor: Tensor
  /// The zero points: none, one for all, or several.
  let zeroPoints: [Int32]

  /// Whether the elements are int8, not uint8.
  var isSigned: Bool { tensor.dtype == .int8 }

  /// Input `index` with the zero points of input `zeroIndex`, where that is given.
  ///
  /// - Throws: `OperatorError.inputType` unless both are int8 or both uint8.
  init(_ context: ExecutionContext, _ index: Int, _ name: String, zeroPoint zeroIndex: Int) throws {
    try self.init(
      try context.input(index, name), context.optionalInput(zeroIndex), index: index,
      zeroIndex: zeroIndex)
  }

  /// Elements of input `index` with the zero points of input `zeroIndex`.
  init(_ tensor: Tensor, _ zeroPoint: Tensor?, index: Int, zeroIndex: Int) throws {
    self.tensor = tensor
    guard tensor.dtype == .int8 || tensor.dtype == .uint8 else {
      throw OperatorError.inputType(index: index, expected: "int8 or uint8", found: tensor.dtype)
    }
    if let zeroPoint, zeroPoint.dtype != tensor.dtype {
      throw OperatorError.inputType(
        index: zeroIndex, expected: tensor.dtype.name, found: zeroPoint.dtype)
    }
    zeroPoints = zeroPoint?.doubles.map { Int32($0) } ?? []
  }

  /// A constant weight, input `index` of a node, whose zero points, input `zeroIndex`, are constant
  /// or past the last input; nil where they are not, or the weight is of another type.
  init?(_ constants: [ConstantOperand?], _ index: Int, zeroPoint zeroIndex: Int) {
    guard index < constants.count, case .tensor(let tensor)? = constants[index] else { return nil }
    var zero: Tensor?
    if zeroIndex < constants.count {
      guard case .tensor(let found)? = constants[zeroIndex] else { return nil }
      zero = found
    }
    guard let made = try? IntegerOperand(tensor, zero, index: index, zeroIndex: zeroIndex) else {
      return nil
    }
    self = made
  }

  /// The zero points of one of `count` matrices with `lanes` rows or columns: none, one, or one a
  /// lane.
  ///
  /// - Throws: `OperatorError.mismatch` where there are as many for neither one matrix nor all.
  func zeroPoints(ofMatrix matrix: Int, count: Int, lanes: Int) throws -> [Int32] {
    if zeroPoints.count <= 1 || zeroPoints.count == lanes { return zeroPoints }
    guard zeroPoints.count == lanes * count else {
      throw OperatorError.mismatch(
        expected: "one zero point, \(lanes), or \(lanes) for each of \(count) matrices",
        found: "\(zeroPoints.count)")
    }
    return Array(zeroPoints[(matrix * lanes)..<((matrix + 1) * lanes)])
  }
}
