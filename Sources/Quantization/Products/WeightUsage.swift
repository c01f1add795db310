import FileIO
import ModelGraph
import Tensors

/// What a graph does with a weight: which operator multiplies by it, along which axes.
public struct WeightUsage: Hashable, Sendable {
  /// The operator, such as `Conv`, or `Add` for something that is not multiplied by.
  public var opType: String
  /// The operator's input that the weight is.
  public var inputIndex: Int
  /// The axis of the output channels; nil where the operator has none.
  public var channelAxis: Int?
  /// The axis that products are summed over; nil where the operator has none.
  public var reductionAxis: Int?

  /// Whether the operator multiplies by the weight or looks rows up in it.
  public var isMultiplied: Bool { channelAxis != nil }
}

/// Finds how the graphs of a component use its weights.
public struct WeightUsageAnalysis: Sendable {
  /// The first use found of each weight, by the weight's name; multiplications come before others.
  public let usages: [ByteString: WeightUsage]
  /// The products of the graphs themselves, in order; those in bodies of control flow are left out.
  public let layers: [ProductLayer]

  /// Looks through `graphs`, bodies of control flow included.
  public init(graphs: [Graph]) {
    var collector = UsageCollector()
    for (index, graph) in graphs.enumerated() { collector.visit(graph, number: index, outer: [:]) }
    usages = collector.usages
    layers = collector.layers
  }
}

/// Follows weights through nodes that only move their elements.
private struct UsageCollector {
  var usages: [ByteString: WeightUsage] = [:]
  var layers: [ProductLayer] = []

  /// A value that is a weight with its axes permuted.
  struct View {
    let weight: ByteString
    /// For each axis of the value, the axis of the weight; empty where the rank is 0.
    let axes: [Int]
  }

  /// `number` is the graph's among its component's; nil for a body.
  mutating func visit(_ graph: Graph, number: Int?, outer: [ByteString: View]) {
    var views = outer
    for initializer in graph.initializers {
      if let weight = initializer.weightName {
        views[ByteString(initializer.name)] = View(
          weight: ByteString(weight), axes: Array(0..<initializer.shape.rank))
      }
    }
    for (position, node) in graph.nodes.enumerated() {
      for body in node.subgraphs { visit(body, number: nil, outer: views) }
      if let view = moved(node, views) {
        views[ByteString(node.outputs[0])] = view
      } else {
        for (index, name) in node.inputs.enumerated() {
          if let view = views[ByteString(name)] { record(view, node, index) }
        }
        if let number { noteLayer(node, views, graph: number, index: position) }
      }
    }
  }

  private func moved(_ node: Node, _ views: [ByteString: View]) -> View? {
    guard let first = node.inputs.first, let view = views[ByteString(first)],
      !node.outputs.isEmpty
    else { return nil }
    switch node.opType {
    case "Identity", "Cast", "DequantizeLinear": return view
    case "Transpose":
      guard case .ints(let permutation)? = node.attributes["perm"] else {
        return View(weight: view.weight, axes: view.axes.reversed())
      }
      let axes = permutation.map(Int.init)
      guard axes.allSatisfy(view.axes.indices.contains) else { return nil }
      return View(weight: view.weight, axes: axes.map { view.axes[$0] })
    default: return nil
    }
  }

  private mutating func noteLayer(
    _ node: Node, _ views: [ByteString: View], graph: Int, index: Int
  ) {
    guard node.domain.isEmpty, node.inputs.count >= 2,
      ["Conv", "ConvTranspose", "Gemm", "MatMul"].contains(node.opType)
    else { return }
    let operands = node.inputs.prefix(2).map { views[ByteString($0)] }
    guard let side = operands.firstIndex(where: { $0 != nil }), let view = operands[side],
      operands[1 - side] == nil, view.axes.count >= 2
    else { return }
    layers.append(
      ProductLayer(
        graph: graph, index: index, node: node, weight: view.weight.text, weightInput: side,
        weightAxes: view.axes))
  }

  private mutating func record(_ view: View, _ node: Node, _ index: Int) {
    let (channel, reduction) = node.multipliedAxes(input: index, rank: view.axes.count)
    let usage = WeightUsage(
      opType: node.opType, inputIndex: index, channelAxis: channel.map { view.axes[$0] },
      reductionAxis: reduction.map { view.axes[$0] })
    if let earlier = usages[view.weight], earlier.isMultiplied || !usage.isMultiplied { return }
    usages[view.weight] = usage
  }
}

extension Node {
  /// The axes of output channels and of summation of input `index`, where the operator multiplies
  /// by it (or, for Gather, looks rows up in it).
  fileprivate func multipliedAxes(input index: Int, rank: Int) -> (channel: Int?, reduction: Int?) {
    guard domain.isEmpty, rank >= 2 else { return (nil, nil) }
    switch (opType, index) {
    case ("Conv", 1): return (0, 1)
    case ("ConvTranspose", 1): return (1, 0)
    case ("Gemm", 1): return transposes("transB") ? (0, 1) : (1, 0)
    case ("Gemm", 0): return transposes("transA") ? (1, 0) : (0, 1)
    case ("MatMul", 1): return (rank - 1, rank - 2)
    case ("MatMul", 0): return (rank - 2, rank - 1)
    case ("Gather", 0): return (0, 1)
    default: return (nil, nil)
    }
  }

  private func transposes(_ name: String) -> Bool {
    if case .int(let value)? = attributes[name] { value != 0 } else { false }
  }
}
