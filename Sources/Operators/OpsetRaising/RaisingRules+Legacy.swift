import ModelGraph
import Tensors

/// Changes up to opset 9 that concern single operators: explicit broadcasting, dropped attributes.
extension RaisingRules {
  static let legacyRules: [Change] =
    [
      "Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less",
    ].map { ($0, 7, alignBroadcast) }
    + [
      ("Cast", 6, nameType), ("Concat", 4, stateConcatAxis), ("Gemm", 7, dropGemmBroadcast),
      ("GlobalLpPool", 2, integerNorm), ("GRU", 7, dropOutputSequence),
      ("LSTM", 7, dropOutputSequence), ("LpPool", 2, integerNorm), ("PRelu", 7, alignSlope),
      ("RNN", 7, dropOutputSequence), ("Selu", 6, stateSeluConstants), ("Tile", 6, refuseTile),
    ]

  /// Opset 7 broadcasts as numpy does; before, `axis` said where B's axes stand among A's.
  private static func alignBroadcast(_ node: inout Node, _ site: RaisingSite) throws {
    let broadcasts = node.takeInt("broadcast") == 1
    guard let axis = node.takeInt("axis"), broadcasts, node.inputs.count == 2 else { return }
    let left = try site.rank(of: node.inputs[0], for: node)
    let right = try site.rank(of: node.inputs[1], for: node)
    let missing = left - (axis < 0 ? axis + left : axis) - right
    guard missing >= 0 else { throw site.unsupported(node, "axis \(axis) of rank \(left)") }
    guard missing > 0 else { return }
    let axes = try site.integers((right..<(right + missing)).map(Int64.init))
    node.inputs[1] = site.add("Unsqueeze", [node.inputs[1], axes])
  }

  /// Before opset 7 a slope of one axis stood for the channels.
  private static func alignSlope(_ node: inout Node, _ site: RaisingSite) throws {
    guard node.inputs.count == 2 else { return }
    guard try site.rank(of: node.inputs[1], for: node) == 1 else { return }
    let rank = try site.rank(of: node.inputs[0], for: node)
    guard rank > 2 else { return }
    let axes = try site.integers((1...(rank - 2)).map(Int64.init))
    node.inputs[1] = site.add("Unsqueeze", [node.inputs[1], axes])
  }

  /// Before opset 6 `to` was a name.
  private static func nameType(_ node: inout Node, _ site: RaisingSite) throws {
    guard let name = node.text("to") else { return }
    let codes: [String: DType] = [
      "FLOAT": .float32, "UINT8": .uint8, "INT8": .int8, "UINT16": .uint16, "INT16": .int16,
      "INT32": .int32, "INT64": .int64, "STRING": .string, "BOOL": .bool, "FLOAT16": .float16,
      "DOUBLE": .float64, "UINT32": .uint32, "UINT64": .uint64, "COMPLEX64": .complex64,
      "COMPLEX128": .complex128,
    ]
    guard let dtype = codes[name] else { throw site.unsupported(node, "type \(name)") }
    node.attributes["to"] = .int(Int64(dtype.rawValue))
  }

  private static func stateConcatAxis(_ node: inout Node, _ site: RaisingSite) throws {
    if node.attributes["axis"] == nil { node.attributes["axis"] = .int(1) }
  }

  private static func dropGemmBroadcast(_ node: inout Node, _ site: RaisingSite) throws {
    node.attributes["broadcast"] = nil
  }

  private static func dropOutputSequence(_ node: inout Node, _ site: RaisingSite) throws {
    node.attributes["output_sequence"] = nil
  }

  /// Before opset 2 `p` was a float.
  private static func integerNorm(_ node: inout Node, _ site: RaisingSite) throws {
    guard case .float(let p)? = node.attributes["p"] else { return }
    guard let whole = Int64(exactly: p) else { throw site.unsupported(node, "p = \(p)") }
    node.attributes["p"] = .int(whole)
  }

  private static func stateSeluConstants(_ node: inout Node, _ site: RaisingSite) throws {
    if node.attributes["alpha"] == nil { node.attributes["alpha"] = .float(1.6732) }
    if node.attributes["gamma"] == nil { node.attributes["gamma"] = .float(1.0507) }
  }

  private static func refuseTile(_ node: inout Node, _ site: RaisingSite) throws {
    throw site.unsupported(node, "its form with one number of tiles and an axis")
  }
}
