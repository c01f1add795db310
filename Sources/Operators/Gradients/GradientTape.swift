import FileIO
import ModelGraph
import Tensors

/// The nodes of a gradient graph while it is written.
public final class GradientTape {
  /// The nodes so far, in order.
  public private(set) var nodes: [Node] = []
  /// The constants so far.
  public private(set) var constants: [Initializer] = []
  private var taken: Set<ByteString>
  private var counts: [String: Int] = [:]

  /// A tape that gives its values none of the names `taken`.
  public init(taken: Set<ByteString>) { self.taken = taken }

  /// Adds a node and gives back the names of its outputs.
  public func add(
    _ opType: String, domain: String = "", _ inputs: [String], outputCount: Int = 1,
    _ attributes: [String: AttributeValue] = [:]
  ) -> [String] {
    let outputs = (0..<outputCount).map { _ in name("gradient.\(opType)") }
    nodes.append(
      Node(
        opType, name: outputs[0], domain: domain, inputs: inputs, outputs: outputs,
        attributes: attributes))
    return outputs
  }

  /// Adds nodes that stand as they are, whose outputs keep their names.
  public func append(_ copies: [Node], before position: Int) {
    for node in copies { taken.formUnion(node.outputs.map { ByteString($0) }) }
    nodes.insert(contentsOf: copies, at: position)
  }

  /// Adds a constant and gives back its name.
  public func constant(_ tensor: Tensor) -> String {
    let name = name("gradient.constant")
    constants.append(Initializer(name: name, inline: tensor))
    return name
  }

  private func name(_ stem: String) -> String {
    while true {
      let count = counts[stem, default: 0]
      counts[stem] = count + 1
      let candidate = "\(stem):\(count)"
      if taken.insert(ByteString(candidate)).inserted { return candidate }
    }
  }
}
