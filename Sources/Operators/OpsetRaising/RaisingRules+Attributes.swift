import ModelGraph
import Tensors

/// Changes that made inputs of attributes.
extension RaisingRules {
  static let attributeRules: [Change] =
    [
      "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
      "ReduceMin", "ReduceProd", "ReduceSumSquare",
    ].map { ($0, 18, moveAxes) }
    + [
      ("ReduceSum", 13, moveAxes), ("Squeeze", 13, moveAxes), ("Unsqueeze", 13, moveAxes),
      ("Clip", 11, moveBounds), ("Pad", 2, renamePads), ("Pad", 11, movePads),
      ("Reshape", 5, moveShape), ("Slice", 10, moveSlice), ("Split", 13, moveSplit),
      ("Split", 18, countOutputs), ("TopK", 10, moveCount), ("DFT", 20, moveDFTAxis),
      ("Scatter", 11, renameScatter),
    ]

  private static func moveAxes(_ node: inout Node, _ site: RaisingSite) throws {
    guard let axes = node.takeInts("axes") else { return }
    node.setInput(1, try site.integers(axes))
  }

  private static func moveBounds(_ node: inout Node, _ site: RaisingSite) throws {
    for (index, name) in ["min", "max"].enumerated() {
      guard let bound = node.takeFloat(name), let data = node.inputs.first else { continue }
      node.setInput(index + 1, try site.number(bound, like: data))
    }
  }

  private static func renamePads(_ node: inout Node, _ site: RaisingSite) throws {
    if let pads = node.takeInts("paddings") { node.attributes["pads"] = .ints(pads) }
  }

  private static func movePads(_ node: inout Node, _ site: RaisingSite) throws {
    guard let pads = node.takeInts("pads") else {
      throw OperatorError.missingAttribute("pads")
    }
    node.setInput(1, try site.integers(pads))
    if let value = node.takeFloat("value"), value != 0, let data = node.inputs.first {
      node.setInput(2, try site.number(value, like: data))
    }
  }

  private static func moveShape(_ node: inout Node, _ site: RaisingSite) throws {
    guard let shape = node.takeInts("shape") else {
      throw OperatorError.missingAttribute("shape")
    }
    node.setInput(1, try site.integers(shape))
  }

  private static func moveSlice(_ node: inout Node, _ site: RaisingSite) throws {
    for (index, name) in ["starts", "ends"].enumerated() {
      guard let values = node.takeInts(name) else { throw OperatorError.missingAttribute(name) }
      node.setInput(index + 1, try site.integers(values))
    }
    if let axes = node.takeInts("axes") { node.setInput(3, try site.integers(axes)) }
  }

  private static func moveSplit(_ node: inout Node, _ site: RaisingSite) throws {
    guard let split = node.takeInts("split"), !split.isEmpty else { return }
    node.setInput(1, try site.integers(split))
  }

  /// Opset 18 has the number of equal parts stated.
  private static func countOutputs(_ node: inout Node, _ site: RaisingSite) throws {
    guard !node.hasInput(1), node.attributes["num_outputs"] == nil else { return }
    node.attributes["num_outputs"] = .int(Int64(node.outputs.count))
  }

  private static func moveCount(_ node: inout Node, _ site: RaisingSite) throws {
    guard let count = node.takeInt("k") else { throw OperatorError.missingAttribute("k") }
    node.setInput(1, try site.integers([Int64(count)]))
  }

  /// Opset 20 made the axis an input, with another default.
  private static func moveDFTAxis(_ node: inout Node, _ site: RaisingSite) throws {
    let axis = node.takeInt("axis") ?? 1
    node.setInput(2, site.constant(try Tensor(scalar: Int64(axis))))
  }

  private static func renameScatter(_ node: inout Node, _ site: RaisingSite) throws {
    node.opType = "ScatterElements"
  }
}
