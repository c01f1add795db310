extension OperatorRegistry {
  /// Operators that copy elements to other places by rules that do not depend on the elements.
  static let movementOperators: [any Operator.Type] = [
    CenterCropPadOperator.self, ConcatOperator.self, DepthToSpaceOperator.self,
    ExpandOperator.self, PadOperator.self, ReverseSequenceOperator.self, SliceOperator.self,
    SpaceToDepthOperator.self, SplitOperator.self, TileOperator.self, TransposeOperator.self,
    TriluOperator.self,
  ]
}
