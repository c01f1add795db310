import ModelGraph
import Operators

/// Applies the selected rewrites to a graph before it is planned.
struct GraphRewriting: Sendable {
  let selection: RewriteSelection
  /// The operators, those that rewrites make included.
  let registry: OperatorRegistry

  /// The graph to plan in the place of `graph`.
  func rewritten(_ graph: Graph, weights: WeightReader) throws -> Graph {
    let rewrites = selection.rewrites
    guard !rewrites.isEmpty, !graph.nodes.isEmpty else { return graph }
    var rewritable = RewritableGraph(graph, weights: weights, registry: registry)
    for rewrite in rewrites { try rewrite.apply(to: &rewritable) }
    rewritable.prune()
    return rewritable.result
  }
}
