import ModelGraph
import Tensors

/// `BitCast` (ai.onnx 26): the same bits read as elements of the type `to`, of the same width. All
/// types but strings.
///
/// A byte read as a boolean is true where any bit is set.
struct BitCastOperator: Operator {
  static let opType = "BitCast"

  private let target: DType

  init(_ attributes: inout AttributeReader) throws {
    guard let dtype = try attributes.optionalDType("to") else {
      throw OperatorError.missingAttribute("to")
    }
    target = dtype
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    if let dtype = type.dtype { try check(dtype) }
    return [type.with(target)]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    try check(input.dtype)
    guard input.dtype.isSubByte || (target == .bool && input.dtype != .bool) else {
      return [input.bitCast(to: target)]
    }
    let output = try context.allocate(target, input.shape)
    let unused = UInt8(8 - target.bitWidth)
    let (isSigned, isBoolean) = (target.isSignedInteger, target == .bool)
    mapElements(
      input.pointer(as: UInt8.self), into: output.mutablePointer(as: UInt8.self),
      count: input.elementCount
    ) { byte in
      if isBoolean { return byte == 0 ? 0 : 1 }
      // In memory sub-byte integers are sign-extended, or have zeros above.
      let raised = byte << unused
      return isSigned
        ? UInt8(bitPattern: Int8(bitPattern: raised) >> Int8(unused)) : raised >> unused
    }
    return [output]
  }

  private func check(_ dtype: DType) throws {
    guard dtype != .string, target != .string, dtype.bitWidth == target.bitWidth else {
      throw OperatorError.attribute(
        "to", expected: "a type of \(dtype.bitWidth) bits", found: target.name)
    }
  }
}
