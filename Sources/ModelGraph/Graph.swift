import FileIO
import Tensors

/// A tensor that a graph holds or refers to.
public struct Initializer: Sendable {
  /// Where the elements are.
  public enum Storage: Sendable {
    /// In the graph itself: shapes, axes, small constants.
    case inline(Tensor)
    /// In the component's weights, under this name.
    case weight(String)
  }

  /// The value's name in the graph.
  public var name: String
  /// The type of the elements.
  public var dtype: DType
  /// The extents.
  public var shape: Shape
  /// Where the elements are.
  public var storage: Storage

  /// A tensor held in the graph.
  public init(name: String, inline tensor: Tensor) {
    self.name = name
    dtype = tensor.dtype
    shape = tensor.shape
    storage = .inline(tensor)
  }

  /// A tensor of the component's weights, by default under the same name.
  public init(name: String, dtype: DType, shape: Shape, weight: String? = nil) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    storage = .weight(weight ?? name)
  }

  /// The name of the weight referred to; nil for an inline tensor.
  public var weightName: String? {
    if case .weight(let name) = storage { name } else { nil }
  }
}

/// Operators of ONNX applied to named values, in an order in which every value is produced before
/// it is used.
///
/// Values are named; a name stands for one value in its graph. A body of control flow (If, Loop,
/// Scan) may use the names of the graphs around it. The stored graph is always at
/// `Graph.canonicalOpset`.
public struct Graph: Sendable {
  /// The opset of ai.onnx that every graph inside the tool is written in; readers raise older ones.
  public static let canonicalOpset = 28

  /// The graph's name.
  public var name: String
  /// What the caller provides, in order. An input that is an initializer too has a default.
  public var inputs: [ValueInfo]
  /// What the graph computes, in order.
  public var outputs: [ValueInfo]
  /// The operators, topologically ordered.
  public var nodes: [Node]
  /// The tensors held or referred to, in order.
  public var initializers: [Initializer]
  /// Declared types of intermediate values, where a model states them.
  public var valueTypes: [String: TensorType]
  /// The version of each operator set that the nodes are written in, by domain (empty for
  /// ai.onnx). Graphs are at `canonicalOpset` except between a reader and the raising of opsets.
  public var opsetImports: [String: Int] = ["": Graph.canonicalOpset]

  /// A graph of the given parts.
  public init(
    name: String, inputs: [ValueInfo] = [], outputs: [ValueInfo] = [], nodes: [Node] = [],
    initializers: [Initializer] = [], valueTypes: [String: TensorType] = [:]
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.nodes = nodes
    self.initializers = initializers
    self.valueTypes = valueTypes
  }
}

extension Graph {
  /// The inputs that a caller must provide: those without an initializer of the same name.
  public var requiredInputs: [ValueInfo] {
    let defaults = Set(initializers.map { ByteString($0.name) })
    return inputs.filter { !defaults.contains(ByteString($0.name)) }
  }

  /// How often each operator occurs, bodies of control flow included.
  public var operatorCounts: [String: Int] {
    var counts: [String: Int] = [:]
    for node in nodes {
      counts[node.qualifiedOpType, default: 0] += 1
      for body in node.subgraphs { counts.merge(body.operatorCounts, uniquingKeysWith: +) }
    }
    return counts
  }

  /// The names that the graph uses but does not define: those of the graphs around it.
  public var freeNames: Set<ByteString> {
    var defined = Set(inputs.map { ByteString($0.name) })
    defined.formUnion(initializers.map { ByteString($0.name) })
    var free: Set<ByteString> = []
    for node in nodes {
      var used = Set(node.inputs.filter { !$0.isEmpty }.map(ByteString.init))
      for body in node.subgraphs { used.formUnion(body.freeNames) }
      free.formUnion(used.subtracting(defined))
      defined.formUnion(node.outputs.map(ByteString.init))
    }
    free.formUnion(outputs.map { ByteString($0.name) }.filter { !defined.contains($0) })
    return free
  }
}
