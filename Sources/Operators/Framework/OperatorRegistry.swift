import ModelGraph

/// The operators by domain and name.
public struct OperatorRegistry: Sendable {
  private let types: [Key: any Operator.Type]

  private struct Key: Hashable {
    let domain: String
    let opType: String
  }

  private init(table: [Key: any Operator.Type]) { types = table }

  /// A registry of `types`; a later one replaces an earlier one of the same name.
  public init(_ types: [any Operator.Type]) {
    self.types = Dictionary(
      types.map { (Key(domain: $0.domain, opType: $0.opType), $0) },
      uniquingKeysWith: { _, last in last })
  }

  /// All operators of the tool.
  public static let standard = OperatorRegistry(
    structureOperators
      + mathsOperators
      + activationOperators
      + logicOperators
      + reductionOperators
      + selectionOperators
      + networkOperators
      + movementOperators
      + indexingOperators
      + generationOperators
      + castingOperators
      + quantizedOperators
      + productOperators
      + gradientOperators
  )
}

extension OperatorRegistry {
  /// The same operators and those that only rewrites of a plan make (`FusedOperators.domain`).
  public var withFused: OperatorRegistry {
    OperatorRegistry(
      table: types.merging(
        FusedOperators.all.map { (Key(domain: $0.domain, opType: $0.opType), $0) },
        uniquingKeysWith: { _, fused in fused }))
  }

  /// The names of the operators of ai.onnx, sorted.
  public var opTypes: [String] { types.keys.filter { $0.domain.isEmpty }.map(\.opType).sorted() }

  /// Whether the operator is known.
  public func has(_ opType: String, domain: String = "") -> Bool {
    types[Key(domain: domain, opType: opType)] != nil
  }

  /// The operator of `node` with its attributes read.
  ///
  /// - Throws: `OperatorError.unknownOperator`, or what the attributes break.
  public func make(_ node: Node) throws -> any Operator {
    guard let type = types[Key(domain: node.domain, opType: node.opType)] else {
      throw OperatorError.unknownOperator(opType: node.opType, domain: node.domain, count: 1)
    }
    var attributes = AttributeReader(node)
    let made = try type.init(&attributes)
    try attributes.finish()
    return made
  }

  /// The operators that `graph` uses and the registry lacks, with how many nodes use each, sorted
  /// by name.
  public func unknownOperators(of graph: Graph) -> [OperatorError] {
    var counts: [Key: Int] = [:]
    count(graph, into: &counts)
    return counts.sorted { ($0.key.domain, $0.key.opType) < ($1.key.domain, $1.key.opType) }
      .map { .unknownOperator(opType: $0.key.opType, domain: $0.key.domain, count: $0.value) }
  }

  private func count(_ graph: Graph, into counts: inout [Key: Int]) {
    for node in graph.nodes {
      let key = Key(domain: node.domain, opType: node.opType)
      if types[key] == nil { counts[key, default: 0] += 1 }
      for body in node.subgraphs { count(body, into: &counts) }
    }
  }
}
