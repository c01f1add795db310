/// Operators that only rewrites of a plan make; no file may name them.
public enum FusedOperators {
  /// Their domain.
  public static let domain = "imgconv.fused"

  /// All of them.
  static let all: [any Operator.Type] = [
    FusedGroupNormalizationOperator.self,
    HeadAttentionOperator.self,
    FusedConvOperator.self,
    FusedMatMulOperator.self,
    GatedGeluOperator.self,
    QuantizedConvOperator.self,
    QuantizedMatMulOperator.self,
  ]
}
