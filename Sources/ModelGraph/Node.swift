import FileIO
import Tensors

/// The value of a node's attribute (ONNX `AttributeProto`).
public enum AttributeValue: Sendable {
  case int(Int64)
  case float(Float)
  /// A byte string, most often UTF-8 text.
  case string([UInt8])
  case tensor(Tensor)
  case graph(Graph)
  case ints([Int64])
  case floats([Float])
  case strings([[UInt8]])
  case tensors([Tensor])
  case graphs([Graph])

  /// A text as an attribute.
  public static func text(_ text: String) -> AttributeValue { .string(Array(text.utf8)) }
}

/// One application of an operator.
public struct Node: Sendable {
  /// The node's own name; may be empty, need not be unique.
  public var name: String
  /// The operator's name, such as `Conv`.
  public var opType: String
  /// The operator set the name belongs to; empty for ai.onnx.
  public var domain: String
  /// The values consumed; an empty name marks an optional input left out.
  public var inputs: [String]
  /// The values produced; an empty name marks an optional output left out.
  public var outputs: [String]
  /// The attributes by name.
  public var attributes: [String: AttributeValue]

  /// Describes a node.
  public init(
    _ opType: String, name: String = "", domain: String = "", inputs: [String],
    outputs: [String], attributes: [String: AttributeValue] = [:]
  ) {
    self.name = name
    self.opType = opType
    self.domain = domain
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }

  /// The node as a message names it: its operator, and its name or else its first output.
  public var label: String {
    let identifier = name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name
    return "\(qualifiedOpType) \(identifier.escapedForDisplay(limit: 200))"
  }

  /// The operator with its domain: `Conv`, `com.microsoft.FusedConv`.
  public var qualifiedOpType: String { domain.isEmpty ? opType : "\(domain).\(opType)" }

  /// The graphs among the attributes (bodies of If, Loop and Scan), ordered by attribute name.
  public var subgraphs: [Graph] {
    attributes.sorted { $0.key < $1.key }.flatMap { _, value -> [Graph] in
      switch value {
      case .graph(let graph): [graph]
      case .graphs(let graphs): graphs
      default: []
      }
    }
  }
}
