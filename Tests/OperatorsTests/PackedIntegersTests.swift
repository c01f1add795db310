import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Packed integer weights")
struct PackedIntegersTests {
  /// Runs an operator with and without its constants (the inputs `constants`) packed, and expects
  /// the same.
  private func check(
    _ opType: String, _ inputs: [Tensor?], constants: Set<Int>,
    _ attributes: [String: AttributeValue] = [:], packs: Bool = true
  ) throws {
    let node = Node(
      opType, inputs: inputs.map { $0 == nil ? "" : "x" }, outputs: ["y"],
      attributes: attributes)
    let made = try #require(try OperatorRegistry.standard.make(node) as? any PreparableOperator)
    let operands = inputs.enumerated().map { index, input -> ConstantOperand? in
      constants.contains(index) ? input.map(ConstantOperand.tensor) : nil
    }
    guard let (prepared, consumed) = try made.prepared(operands) else {
      #expect(!packs)
      return
    }
    #expect(packs)
    let rest = inputs.enumerated().map { consumed.contains($0) ? nil : $1 }
    let packed = try prepared.run(ExecutionContext(inputs: rest, requestedOutputs: [true]))
    let plain = try made.run(ExecutionContext(inputs: inputs, requestedOutputs: [true]))
    let (left, right) = (try #require(packed[0]), try #require(plain[0]))
    #expect(left.shape == right.shape && left.dtype == right.dtype)
    #expect(left.packedBytes() == right.packedBytes())
  }

  private func bytes(_ shape: Shape, _ seed: Int) throws -> Tensor {
    try Tensor((0..<shape.elementCount).map { UInt8(truncatingIfNeeded: $0 &* seed &+ 5) }, shape)
  }

  private func signed(_ shape: Shape, _ seed: Int) throws -> Tensor {
    try bytes(shape, seed).bitCast(to: .int8)
  }

  @Test("products are the same, for one zero point, one a row, and one a column")
  func products() throws {
    let (a, b) = (try bytes([2, 3, 5], 37), try signed([5, 4], 91))
    let (one, columns) = (try Tensor(scalar: UInt8(9)), try signed([4], 3))
    try check("MatMulInteger", [a, b], constants: [1])
    try check("MatMulInteger", [a, b, one, columns], constants: [1, 3])
    try check("MatMulInteger", [a, b, try bytes([3], 7), columns], constants: [1, 2, 3])
    try check("MatMulInteger", [a, b, one, columns], constants: [1], packs: false)
    let scale = try Tensor(scalar: Float(0.02))
    let inputs: [Tensor?] = [
      a, scale, one, b, try Tensor([Float(0.1), 0.2, 0.3, 0.4]), columns, scale,
      try Tensor(scalar: UInt8(100)),
    ]
    try check("QLinearMatMul", inputs, constants: [3, 4, 5])
  }

  @Test("convolutions are the same, padding that depends on the image is not packed")
  func convolutions() throws {
    let (x, w) = (try bytes([2, 4, 7, 6], 53), try signed([6, 2, 3, 3], 29))
    let attributes: [String: AttributeValue] = [
      "group": .int(2), "pads": .ints([1, 0, 2, 1]), "strides": .ints([2, 1]),
      "dilations": .ints([1, 2]),
    ]
    let zero = try Tensor(scalar: UInt8(77))
    try check("ConvInteger", [x, w, zero, try signed([6], 5)], constants: [1, 3], attributes)
    try check("ConvInteger", [x, w], constants: [1], attributes)
    try check(
      "ConvInteger", [x, w], constants: [1],
      ["group": .int(2), "auto_pad": .text("SAME_UPPER")], packs: false)
    let line = try signed([3, 4, 2], 29)
    try check("ConvInteger", [try bytes([1, 4, 9], 5), line, zero], constants: [1])
    let scale = try Tensor(scalar: Float(0.01))
    try check(
      "QLinearConv",
      [
        x, scale, zero, w, scale, try Tensor(scalar: Int8(3)), try Tensor(scalar: Float(0.05)),
        zero, try Tensor((0..<6).map { Int32($0 * 100) }),
      ], constants: [3, 4, 5], attributes)
  }
}
