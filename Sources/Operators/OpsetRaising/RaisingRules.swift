import ModelGraph

/// What changed in which opset.
enum RaisingRules {
  /// How a node of an opset before `opset` is written in it.
  struct Rule: Sendable {
    let opset: Int
    let rewrite: @Sendable (inout Node, RaisingSite) throws -> Void
  }

  /// The first rule for `opType` of an opset after `opset`.
  static func next(after opset: Int, for opType: String) -> Rule? {
    table[opType]?.first { $0.opset > opset }
  }

  /// The rules by operator, oldest first.
  private static let table: [String: [Rule]] = {
    var table: [String: [Rule]] = [:]
    let parts = [legacyRules, attributeRules, layerRules, resamplingRules]
    for (opType, opset, rewrite) in parts.flatMap({ $0 }) {
      table[opType, default: []].append(Rule(opset: opset, rewrite: rewrite))
    }
    return table.mapValues { $0.sorted { $0.opset < $1.opset } }
  }()

  /// One operator's change in one opset.
  typealias Change = (
    opType: String, opset: Int, rewrite: @Sendable (inout Node, RaisingSite) throws -> Void
  )
}
