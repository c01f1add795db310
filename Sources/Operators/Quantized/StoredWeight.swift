import Kernels
import ModelGraph
import Tensors

/// A constant weight in the smaller type it is stored in, as the fp32 kernels take it: fp16, bf16,
/// or integers of 4 and 8 bits with scales for the tensor, along its first lanes, or for groups of
/// the axis summed over.
struct StoredWeight {
  private let values: Tensor
  private let type: StoredElements.ElementType
  private let scale: Tensor?
  private let zeroPoint: Tensor?
  private let scaleAxis: ScaleAxis

  /// Which elements share a scale.
  private enum ScaleAxis {
    case tensor
    case axis(Int)
    case blocks(axis: Int, size: Int)
  }

  /// The weight behind `constant`; nil for one whose elements are fp32 already, or that the kernels
  /// cannot take.
  init?(_ constant: ConstantOperand) {
    switch constant {
    case .tensor: return nil
    case .cast(let tensor, let dtype):
      guard dtype == .float32, let type = Self.floats[tensor.dtype] else { return nil }
      (values, self.type, scale, zeroPoint, scaleAxis) = (tensor, type, nil, nil, .tensor)
    case .dequantized(let operand):
      guard let type = Self.integers[operand.values.dtype], operand.scale.dtype == .float32,
        let axis = Self.axis(of: operand)
      else { return nil }
      values = operand.values
      self.type = type
      scale = operand.scale
      zeroPoint = try? operand.zeroPoint?.converted(to: .int32)
      guard (zeroPoint == nil) == (operand.zeroPoint == nil) else { return nil }
      scaleAxis = axis
    }
  }

  private static let floats: [DType: StoredElements.ElementType] = [
    .float16: .float16, .bfloat16: .bfloat16,
  ]
  private static let integers: [DType: StoredElements.ElementType] = [
    .int8: .int8, .uint8: .uint8, .int4: .int4, .uint4: .uint4,
  ]

  /// Which elements share a scale; nil where the scales' shape breaks DequantizeLinear's rule.
  private static func axis(of operand: DequantizedOperand) -> ScaleAxis? {
    let layout = try? QuantizationLayout(
      data: operand.values.shape, scale: operand.scale.shape, axis: operand.axis,
      blockSize: operand.blockSize)
    guard layout != nil,
      operand.zeroPoint.map({ $0.elementCount == operand.scale.elementCount })
        ?? true
    else { return nil }
    if operand.scale.elementCount == 1 { return .tensor }
    let axis = operand.values.shape.rank == 1 ? 0 : operand.axis
    return operand.blockSize == 0
      ? .axis(axis) : .blocks(axis: axis, size: operand.blockSize)
  }
}

extension StoredWeight {
  /// The right operand `[depth, columns]`, or transposed `[columns, depth]`; a vector is a column.
  /// Nil where scales differ in a way that the kernels lack.
  func matrix(isTransposed: Bool) throws -> PackedMatrix? {
    let shape = values.shape
    let width = shape.rank == 1 ? 1 : shape[1]
    let (depth, lanes) = isTransposed ? (width, shape[0]) : (shape[0], width)
    let depthAxis = isTransposed ? 1 : 0
    var layout = StoredElements.ScaleLayout()
    switch scaleAxis {
    case .tensor: break
    case .axis(let axis):
      guard axis != depthAxis else { return nil }
      layout.laneStride = 1
    case .blocks(let axis, let size):
      guard axis == depthAxis, shape.rank == 2 else { return nil }
      let blocks = (depth + size - 1) / size
      layout.rowOfDepth = (0..<depth).map { UInt32($0 / size) }
      (layout.rowStride, layout.laneStride) = isTransposed ? (1, blocks) : (lanes, 1)
    }
    return try withElements(layout) {
      try PackedMatrix(
        storing: $0, as: .right, lanes: lanes, depth: depth,
        laneStride: isTransposed ? width : 1, depthStride: isTransposed ? 1 : width)
    }
  }

  /// The filters `[outputs, channels / groups, height, width]` of a convolution of that geometry;
  /// nil where scales differ in a way that the kernels lack.
  func filters(_ geometry: PackedConvolution.Geometry) throws -> PackedConvolution? {
    let (taps, channels) = (
      geometry.kernel.height * geometry.kernel.width, geometry.channels / geometry.groups
    )
    let outputs = geometry.outputs / geometry.groups
    var layout = StoredElements.ScaleLayout()
    switch scaleAxis {
    case .tensor: break
    case .axis(let axis):
      guard axis == 0 else { return nil }
      (layout.laneStride, layout.matrixStride) = (1, outputs)
    case .blocks(let axis, let size):
      guard axis == 1 else { return nil }
      layout.rowOfDepth = (0..<channels * taps).map {
        UInt32($0 / taps / size * taps + $0 % taps)
      }
      layout.rowStride = 1
      layout.laneStride = (channels + size - 1) / size * taps
      layout.matrixStride = outputs * layout.laneStride
    }
    return try withElements(layout) { try PackedConvolution(storing: $0, geometry: geometry) }
  }

  private func withElements<Result>(
    _ layout: StoredElements.ScaleLayout, _ body: (StoredElements) throws -> Result
  ) rethrows -> Result {
    defer { withExtendedLifetime((values, scale, zeroPoint)) {} }
    return try body(
      StoredElements(
        type, values.rawPointer, scales: scale?.pointer(),
        zeroPoints: zeroPoint.map { UnsafePointer($0.pointer(as: Int32.self)) },
        scaleLayout: layout))
  }
}
