import FileIO
import ModelGraph

/// The tables that a graph's inputs look rows up in (Gather), with how many rows they have.
public struct LookupTables: Sendable {
  private var counts: [ByteString: Int] = [:]

  /// Finds the tables of `graph`.
  public init(_ graph: Graph) {
    var origins: [ByteString: ByteString] = [:]
    for input in graph.inputs { origins[ByteString(input.name)] = ByteString(input.name) }
    var extents: [ByteString: Int] = [:]
    for initializer in graph.initializers where initializer.shape.rank > 0 {
      extents[ByteString(initializer.name)] = initializer.shape[0]
    }
    for node in graph.nodes {
      let inputs = node.inputs.map(ByteString.init)
      switch node.opType {
      case "Cast", "Reshape", "Identity", "Unsqueeze", "Squeeze", "Flatten", "Expand":
        guard let first = inputs.first, let output = node.outputs.first else { continue }
        if let origin = origins[first] { origins[ByteString(output)] = origin }
        // A table stored in another type goes through a Cast.
        if node.opType == "Cast" { extents[ByteString(output)] = extents[first] }
      case "DequantizeLinear":
        if let first = inputs.first, let output = node.outputs.first {
          extents[ByteString(output)] = extents[first]
        }
      case "Gather":
        if inputs.count == 2, let origin = origins[inputs[1]], let count = extents[inputs[0]] {
          counts[origin] = min(counts[origin] ?? count, count)
        }
      default: break
      }
    }
  }

  /// The rows of the smallest table that `input` looks into; nil where it looks into none.
  public func rows(of input: String) -> Int? { counts[ByteString(input)] }
}
