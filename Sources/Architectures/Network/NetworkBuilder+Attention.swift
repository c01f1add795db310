import ModelGraph
import Tensors

extension NetworkBuilder {
  /// softmax(scale · Q Kᵀ + mask) V over heads (Vaswani et al. 2017) by ONNX's Attention operator.
  ///
  /// - Parameters:
  ///   - query: `[N, T, heads · size]`.
  ///   - key: `[N, S, heads · size]`.
  ///   - value: `[N, S, heads · size]`.
  ///   - scale: nil for 1 / √size.
  ///   - mask: added to the scores, broadcast to `[N, heads, T, S]`; nil for none.
  ///   - isCausal: whether token t sees tokens 0 … t only.
  /// - Returns: `[N, T, heads · size]`.
  public func attention(
    query: String, key: String, value: String, heads: Int, scale: Double? = nil,
    mask: String? = nil, isCausal: Bool = false
  ) -> String {
    var attributes: [String: AttributeValue] = [
      "q_num_heads": .int(Int64(heads)), "kv_num_heads": .int(Int64(heads)),
    ]
    if let scale { attributes["scale"] = .float(Float(scale)) }
    if isCausal { attributes["is_causal"] = .int(1) }
    return add("Attention", [query, key, value] + (mask.map { [$0] } ?? []), attributes)
  }

  /// The same over operands that have their heads apart: `[N, heads, T, size]` each, and so the
  /// result. Between projections and this, keys and queries can be normalised or rotated.
  public func attentionOverHeads(
    query: String, key: String, value: String, scale: Double? = nil, mask: String? = nil
  ) -> String {
    let attributes = scale.map { ["scale": AttributeValue.float(Float($0))] } ?? [:]
    return add("Attention", [query, key, value] + (mask.map { [$0] } ?? []), attributes)
  }

  /// `[N, T, heads · size]` as `[N, heads, T, size]`.
  public func splitHeads(_ x: String, heads: Int, size: Int) -> String {
    transpose(reshape(x, [0, 0, heads, size]), [0, 2, 1, 3])
  }

  /// `[N, heads, T, size]` as `[N, T, heads · size]`.
  public func joinHeads(_ x: String, heads: Int, size: Int) -> String {
    reshape(transpose(x, [0, 2, 1, 3]), [0, 0, heads * size])
  }
}
