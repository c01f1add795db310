import CImgKernels

/// What is done with the fp32 sums P of a product or a convolution before they are stored.
///
/// With r the row (of a convolution: the output channel) and c the column (the pixel):
///
///     t = scale · P + rowBias[r] + columnBias[c]
///     t = t + residual[r, c]        unless residualLast
///     t = activation(t)
///     t = t + residual[r, c]        if residualLast
///
/// Operands that are nil are left out. The pointers must be valid while the product runs.
public struct ProductEpilogue {
  public var scale: Float = 1
  public var rowBias: UnsafePointer<Float>?
  public var columnBias: UnsafePointer<Float>?
  /// Laid out as the result, without gaps.
  public var residual: UnsafePointer<Float>?
  public var residualLast = false
  public var activation: ElementwiseFunction?

  /// Sums times `scale`, plus a bias a row or a column, through `activation`.
  public init(
    scale: Float = 1, rowBias: UnsafePointer<Float>? = nil,
    columnBias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil,
    activation: ElementwiseFunction? = nil
  ) {
    self.scale = scale
    self.rowBias = rowBias
    self.columnBias = columnBias
    self.residual = residual
    self.activation = activation
  }

  /// The C kernel's epilogue for results of `columns` columns.
  package func code(columns: Int) -> imgk_epilogue {
    let function = activation?.kernel
    return imgk_epilogue(
      scale: scale, row_bias: rowBias, column_bias: columnBias, residual: residual,
      residual_row: columns, residual_last: residualLast ? 1 : 0,
      activation: function.map { Int32($0.op.rawValue) } ?? -1, alpha: function?.alpha ?? 0,
      beta: function?.beta ?? 0)
  }
}
