import CImgKernels

/// What is done with the exact integer sums P of a product or a convolution before they are stored.
///
/// Integer results store P. Otherwise, with r the row (of a convolution: the output channel) and c the column (the
/// pixel):
///
///     t = P · scale · rowScales[r] · columnScales[c] + rowBias[r] + columnBias[c]
///     t = t + residual[r, c]        unless residualLast
///     t = activation(t)
///     t = t + residual[r, c]        if residualLast
///
/// and t is stored, or for 8 bits t / outputScale rounded half to even, plus outputZeroPoint, saturated; NaN becomes the
/// zero point. P is rounded to fp32 once; the other steps are fp32.
public struct Int8Epilogue {
  /// The element type a product is stored as.
  public enum Result: Sendable {
    /// The integers modulo 2^32, as ONNX's int32 accumulators.
    case int32
    /// The integers, exact.
    case int64
    case float32
    case uint8, int8

    var code: imgk_int8_result {
      switch self {
      case .int32: IMGK_INT8_TO_S32
      case .int64: IMGK_INT8_TO_S64
      case .float32: IMGK_INT8_TO_F32
      case .uint8: IMGK_INT8_TO_U8
      case .int8: IMGK_INT8_TO_S8
      }
    }

    /// Bytes of an element.
    public var byteCount: Int {
      switch self {
      case .int32, .float32: 4
      case .int64: 8
      case .uint8, .int8: 1
      }
    }
  }

  public var result: Result
  /// The product of the operands' scales, where those are one for all.
  public var scale: Float = 1
  public var rowScales: UnsafePointer<Float>?
  public var columnScales: UnsafePointer<Float>?
  public var rowBias: UnsafePointer<Float>?
  public var columnBias: UnsafePointer<Float>?
  /// Laid out as the result; `residualRowElements` between rows.
  public var residual: UnsafePointer<Float>?
  public var residualRowElements = 0
  public var residualLast = false
  public var activation: ElementwiseFunction?
  public var outputScale: Float = 1
  public var outputZeroPoint: Int32 = 0

  public init(result: Result) { self.result = result }

  /// fp32 results: P times `scale`, times a scale a row or a column, plus a bias a row or a column.
  public init(
    scale: Float, rowScales: UnsafePointer<Float>? = nil,
    columnScales: UnsafePointer<Float>? = nil, rowBias: UnsafePointer<Float>? = nil,
    columnBias: UnsafePointer<Float>? = nil, activation: ElementwiseFunction? = nil
  ) {
    self.result = .float32
    self.scale = scale
    self.rowScales = rowScales
    self.columnScales = columnScales
    self.rowBias = rowBias
    self.columnBias = columnBias
    self.activation = activation
  }

  var code: imgk_int8_epilogue {
    let function = activation?.kernel
    return imgk_int8_epilogue(
      result: result.code, scale: scale, row_scales: rowScales, column_scales: columnScales,
      row_bias: rowBias, column_bias: columnBias, residual: residual,
      residual_row: residualRowElements, residual_last: residualLast ? 1 : 0,
      activation: function.map { Int32($0.op.rawValue) } ?? -1, alpha: function?.alpha ?? 0,
      beta: function?.beta ?? 0, out_scale: outputScale, out_zero: outputZeroPoint)
  }

  /// The epilogue of an image `index` places on: the residual moves, whose rows are the result's channels.
  func image(_ index: Int, rows: Int) -> Int8Epilogue {
    var moved = self
    if let residual { moved.residual = residual + index * rows * residualRowElements }
    return moved
  }
}
