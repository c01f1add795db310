import ModelGraph
import Tensors

/// The order of the channels that make a block of pixels.
private enum BlockOrder: String, CaseIterable {
  /// Rows and columns of the block outermost.
  case depthColumnRow = "DCR"
  /// Rows and columns of the block innermost.
  case columnRowDepth = "CRD"
}

/// `DepthToSpace` (ai.onnx 28): `[N, C, H, W]` to `[N, C / b², H · b, W · b]`, channels becoming
/// blocks of b × b pixels (`blocksize`), in the order `mode` (`DCR`). All types.
struct DepthToSpaceOperator: Operator {
  static let opType = "DepthToSpace"

  private let block: Int
  private let order: BlockOrder

  init(_ attributes: inout AttributeReader) throws {
    block = try attributes.blockSize()
    order = try attributes.choice("mode", default: .depthColumnRow)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    guard let extents = type.dimensions, extents.count == 4 else {
      return [.unknown(type.dtype, rank: 4)]
    }
    let channels = extents[1].fixedValue.map { Dimension.fixed($0 / (block * block)) } ?? .unknown
    return [
      TensorType(
        type.dtype,
        [
          extents[0], channels, product([extents[2], .fixed(block)]),
          product([extents[3], .fixed(block)]),
        ])
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input")
      let shape = input.shape
      guard shape.rank == 4, shape[1] % (block * block) == 0 else {
        throw OperatorError.inputShape(
          index: 0, expected: "[N, C, H, W] with C a multiple of \(block * block)", found: shape)
      }
      let (batch, height, width) = (shape[0], shape[2], shape[3])
      let depth = shape[1] / (block * block)
      let plane = height * width
      // Strides of the input's depth, block row and block column.
      let (depthStep, rowStep, columnStep) =
        order == .depthColumnRow
        ? (plane, block * depth * plane, depth * plane)
        : (block * block * plane, block * plane, plane)
      let output = try context.allocate(
        input.dtype,
        Shape.checked([
          batch, depth, try Shape.checked([height, block]).elementCount,
          try Shape.checked([width, block]).elementCount,
        ]))
      guard output.elementCount > 0 else { return [output] }
      let extents = [batch, depth, height, block, width, block]
      StridedCopy(
        extents: extents,
        sourceStrides: [shape.strides[0], depthStep, width, rowStep, 1, columnStep],
        targetStrides: Shape(extents).strides, byteWidth: input.dtype.byteWidth
      ).run(from: input.rawPointer, to: output.mutableRawPointer)
      return [output]
    }
  }
}

/// `SpaceToDepth` (ai.onnx 28): `[N, C, H, W]` to `[N, C · b², H / b, W / b]`, the inverse of
/// `DepthToSpace`. All types.
struct SpaceToDepthOperator: Operator {
  static let opType = "SpaceToDepth"

  private let block: Int
  private let order: BlockOrder

  init(_ attributes: inout AttributeReader) throws {
    block = try attributes.blockSize()
    order = try attributes.choice("mode", default: .depthColumnRow)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "input")
    guard let extents = type.dimensions, extents.count == 4 else {
      return [.unknown(type.dtype, rank: 4)]
    }
    let reduced = extents[2...].map { extent -> Dimension in
      extent.fixedValue.map { .fixed($0 / block) } ?? .unknown
    }
    return [
      TensorType(
        type.dtype, [extents[0], product([extents[1], .fixed(block * block)])] + reduced)
    ]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    try context.movingStrings { context in
      let input = try context.input(0, "input")
      let shape = input.shape
      guard shape.rank == 4, shape[2] % block == 0, shape[3] % block == 0 else {
        throw OperatorError.inputShape(
          index: 0, expected: "[N, C, H, W] with H and W multiples of \(block)", found: shape)
      }
      let (batch, depth) = (shape[0], shape[1])
      let (height, width) = (shape[2] / block, shape[3] / block)
      let output = try context.allocate(
        input.dtype,
        Shape.checked([
          batch, try Shape.checked([depth, block, block]).elementCount, height, width,
        ]))
      guard output.elementCount > 0 else { return [output] }
      let strides = shape.strides
      var extents = [batch, block, block, depth, height, width]
      var steps = [
        strides[0], strides[2], 1, strides[1], strides[2] * block, block,
      ]
      if order == .columnRowDepth {
        extents = [batch, depth, block, block, height, width]
        steps = [strides[0], strides[1], strides[2], 1, strides[2] * block, block]
      }
      StridedCopy(
        extents: extents, sourceStrides: steps, targetStrides: Shape(extents).strides,
        byteWidth: input.dtype.byteWidth
      ).run(from: input.rawPointer, to: output.mutableRawPointer)
      return [output]
    }
  }
}

extension AttributeReader {
  /// The attribute `blocksize`, from 1 to 2¹⁵.
  fileprivate mutating func blockSize() throws -> Int {
    let block = try int("blocksize")
    guard (1...32_768).contains(block) else {
      throw OperatorError.attribute("blocksize", expected: "1 to 32768", found: "\(block)")
    }
    return block
  }
}
