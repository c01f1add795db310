import ModelGraph
import Tensors

/// Changes in what whole layers mean.
extension RaisingRules {
  static let layerRules: [Change] = [
    ("Softmax", 13, flattenSoftmax), ("LogSoftmax", 13, flattenSoftmax),
    ("Hardmax", 13, flattenSoftmax), ("Dropout", 7, dropIsTest), ("Dropout", 10, restoreMask),
    ("Dropout", 12, dropRatio), ("BatchNormalization", 7, dropIsTest),
    ("BatchNormalization", 9, flattenBatchNormalization),
    ("BatchNormalization", 14, stateTrainingMode),
    ("GroupNormalization", 21, repeatGroupParameters), ("Scan", 9, unbatchScan),
  ]

  /// Before opset 13 softmax ran over all axes from `axis` (1 unless stated) on at once.
  private static func flattenSoftmax(_ node: inout Node, _ site: RaisingSite) throws {
    let axis = node.takeInt("axis") ?? 1
    guard let input = node.inputs.first, let output = node.outputs.first else { return }
    node.attributes["axis"] = .int(-1)
    if axis == -1 { return }
    if let rank = site.declaredRank(of: input), axis == rank - 1 { return }
    node.inputs = [site.add("Flatten", [input], ["axis": .int(Int64(axis))])]
    let shape = site.add("Shape", [input])
    let flat = site.freshName(node.opType)
    node.outputs = [flat]
    site.addAfter(
      Node(
        "Reshape", inputs: [flat, shape], outputs: [output],
        attributes: ["allowzero": .int(1)]))
  }

  /// Inference is what is raised; opsets 1 and 6 say so with an attribute, which models often leave
  /// at its default even where they are used for inference.
  private static func dropIsTest(_ node: inout Node, _ site: RaisingSite) throws {
    let isTest = node.takeInt("is_test") ?? 0
    let extra = node.outputs.dropFirst()
    if isTest == 0, node.opType == "BatchNormalization", extra.contains(where: site.isUsed) {
      throw site.unsupported(node, "training")
    }
  }

  /// Before opset 10 the mask had the data's type.
  private static func restoreMask(_ node: inout Node, _ site: RaisingSite) throws {
    guard node.outputs.count > 1, site.isUsed(node.outputs[1]), let data = node.inputs.first
    else { return }
    let mask = site.freshName("mask")
    site.addAfter(Node("CastLike", inputs: [mask, data], outputs: [node.outputs[1]]))
    node.outputs[1] = mask
  }

  /// Inference ignores the ratio.
  private static func dropRatio(_ node: inout Node, _ site: RaisingSite) throws {
    node.attributes["ratio"] = nil
  }

  /// Before opset 9 `spatial` 0 gave every element of an image its own statistics.
  private static func flattenBatchNormalization(_ node: inout Node, _ site: RaisingSite) throws {
    guard node.takeInt("spatial") == 0, node.inputs.count == 5, let output = node.outputs.first
    else { return }
    let shape = site.add("Shape", [node.inputs[0]])
    node.inputs[0] = site.add("Flatten", [node.inputs[0]], ["axis": .int(1)])
    let flat = try site.integers([-1])
    for index in 1..<5 { node.inputs[index] = site.add("Reshape", [node.inputs[index], flat]) }
    let result = site.freshName("BatchNormalization")
    node.outputs[0] = result
    site.addAfter(
      Node(
        "Reshape", inputs: [result, shape], outputs: [output],
        attributes: ["allowzero": .int(1)]))
  }

  /// Before opset 14 more outputs than one meant training.
  private static func stateTrainingMode(_ node: inout Node, _ site: RaisingSite) throws {
    if node.outputs.dropFirst(3).contains(where: site.isUsed) {
      throw site.unsupported(node, "outputs saved for training")
    }
    if node.outputs.dropFirst().contains(where: site.isUsed) {
      node.attributes["training_mode"] = .int(1)
      node.outputs = Array(node.outputs.prefix(3))
    } else {
      node.outputs = Array(node.outputs.prefix(1))
    }
  }

  /// Before opset 21 scale and bias had one element a group.
  private static func repeatGroupParameters(_ node: inout Node, _ site: RaisingSite) throws {
    guard case .int(let groups)? = node.attributes["num_groups"], groups > 0,
      node.inputs.count == 3
    else { return }
    let channels = site.add(
      "Shape", [node.inputs[0]], ["start": .int(1), "end": .int(2)])
    let share = site.add("Div", [channels, try site.integers([groups])])
    let extents = site.add(
      "Concat", [try site.integers([groups]), share], ["axis": .int(0)])
    let last = try site.integers([1])
    let flat = try site.integers([-1])
    for index in 1...2 {
      let column = site.add("Unsqueeze", [node.inputs[index], last])
      let table = site.add("Expand", [column, extents])
      node.inputs[index] = site.add("Reshape", [table, flat])
    }
  }

  /// Opset 8 scanned axis 1 of a batch; opset 9 scans one sequence. A scan over the batch holds the
  /// scan over the sequences.
  private static func unbatchScan(_ node: inout Node, _ site: RaisingSite) throws {
    guard !node.hasInput(0) else { throw site.unsupported(node, "sequence_lens") }
    guard case .int(let count)? = node.attributes["num_scan_inputs"] else {
      throw OperatorError.missingAttribute("num_scan_inputs")
    }
    let inputs = Array(node.inputs.dropFirst())
    let inner = (inputs + node.outputs).map { _ in site.freshName("scan") }
    var own = node
    own.inputs = Array(inner.prefix(inputs.count))
    own.outputs = Array(inner.dropFirst(inputs.count))
    own.attributes["num_scan_inputs"] = .int(count)
    if let directions = own.takeInts("directions") {
      own.attributes["scan_input_directions"] = .ints(directions)
    }
    func values(_ names: [String]) -> [ValueInfo] {
      names.map { ValueInfo(name: $0, type: TensorType(nil, nil)) }
    }
    let body = Graph(
      name: "scan", inputs: values(own.inputs), outputs: values(own.outputs), nodes: [own])
    node.inputs = inputs
    node.attributes = [
      "body": .graph(body), "num_scan_inputs": .int(Int64(inputs.count)),
    ]
  }
}
