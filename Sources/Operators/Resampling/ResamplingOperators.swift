extension OperatorRegistry {
  /// Resizing and sampling of images.
  static let resamplingOperators: [any Operator.Type] = [
    AffineGridOperator.self,
    GridSampleOperator.self,
    ResizeOperator.self,
  ]
}
