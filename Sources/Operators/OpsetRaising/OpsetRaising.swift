import FileIO
import ModelGraph
import Tensors

/// Rewrites graphs of older opsets of ai.onnx in the canonical one (`Graph.canonicalOpset`).
///
/// Operators that changed their meaning or moved attributes to inputs have rules
/// (`RaisingRules`); all others mean the same in every opset since they appeared. Bodies of control
/// flow are raised with their graph. Other operator sets' nodes stay as they are.
public enum OpsetRaising {
  /// `graph`, written in opset `opset` of ai.onnx, in the canonical opset.
  ///
  /// - Throws: `NodeError` with `OperatorError.unsupportedOpset` for a form that cannot be raised;
  ///   `OperatorError.unsupportedOpset` for an opset that is not between 1 and the canonical one.
  public static func raise(_ graph: Graph, from opset: Int) throws -> Graph {
    guard (1...Graph.canonicalOpset).contains(opset) else {
      throw OperatorError.unsupportedOpset(
        opType: "ai.onnx", opset: opset, reason: "the opsets are 1 to \(Graph.canonicalOpset)")
    }
    var names = Set<ByteString>()
    collectNames(graph, into: &names)
    var raiser = GraphRaiser(opset: opset, names: names)
    return try raiser.raise(graph, outer: [:])
  }

  private static func collectNames(_ graph: Graph, into names: inout Set<ByteString>) {
    names.formUnion(graph.inputs.map { ByteString($0.name) })
    names.formUnion(graph.initializers.map { ByteString($0.name) })
    for node in graph.nodes {
      names.formUnion((node.inputs + node.outputs).map(ByteString.init))
      for body in node.subgraphs { collectNames(body, into: &names) }
    }
  }
}

/// Raises one graph and its bodies.
private struct GraphRaiser {
  let opset: Int
  var names: Set<ByteString>

  mutating func raise(_ graph: Graph, outer: [ByteString: TensorType]) throws -> Graph {
    var raised = graph
    raised.opsetImports["ai.onnx"] = nil
    raised.opsetImports[""] = Graph.canonicalOpset
    let known = Self.types(of: graph, outer: outer)
    let uses = Set(graph.nodes.flatMap(\.inputs).map(ByteString.init))
      .union(graph.outputs.map { ByteString($0.name) })
    let site = RaisingSite(opset: opset, names: names, known: known, uses: uses, graph: graph)
    raised.nodes = []
    for node in graph.nodes {
      do {
        // Bodies first: those that a rule adds are in the canonical opset already.
        var node = node
        try raiseBodies(&node, known, site)
        try site.raise(node)
      } catch {
        throw NodeError(graph: graph.name, node: node, cause: error)
      }
      raised.nodes += site.takeNodes()
    }
    raised.initializers += site.initializers
    names = site.names
    return raised
  }

  private mutating func raiseBodies(
    _ node: inout Node, _ known: [ByteString: TensorType], _ site: RaisingSite
  ) throws {
    guard !node.subgraphs.isEmpty else { return }
    names = site.names
    defer { site.names = names }
    for (name, value) in node.attributes {
      switch value {
      case .graph(let body): node.attributes[name] = .graph(try raise(body, outer: known))
      case .graphs(let bodies):
        var raised: [Graph] = []
        for body in bodies { raised.append(try raise(body, outer: known)) }
        node.attributes[name] = .graphs(raised)
      default: break
      }
    }
  }

  private static func types(
    of graph: Graph, outer: [ByteString: TensorType]
  ) -> [ByteString: TensorType] {
    var known = outer
    for (name, type) in graph.valueTypes { known[ByteString(name)] = type }
    for value in graph.inputs + graph.outputs { known[ByteString(value.name)] = value.type }
    for initializer in graph.initializers {
      known[ByteString(initializer.name)] = TensorType(initializer.dtype, initializer.shape)
    }
    return known
  }
}
