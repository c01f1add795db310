import FileIO
import ModelGraph
import Tensors

/// What makes a value channel by channel, so that a factor for each channel of the value can be
/// taken into weights: a product with its bias, or a normalisation with scale and bias, and after it
/// operators f with f(s · x) = s · f(x) for s > 0.
struct ChannelProducer {
  /// A weight and the axis along which the value's channels lie in it.
  struct Part {
    let weight: String
    let axis: Int
  }

  /// What has to be multiplied.
  let parts: [Part]
  /// The product's weight; nil for a normalisation.
  let layer: ProductLayer?
  /// The values from the product's or normalisation's output on to the one asked for.
  let values: [String]
}

extension ChannelProducer {
  /// What makes `value`; nil where that, or a value on the way, is used otherwise too, or is made in
  /// another way.
  ///
  /// - Parameters:
  ///   - users: how many inputs may take `value` itself.
  ///   - layers: the products of the graph, by the node's number.
  ///   - lastAxis: whether the value's channels are its last axis; else axis 1.
  init?(
    of value: String, users: Int, in uses: ValueUses, layers: [Int: ProductLayer], lastAxis: Bool
  ) {
    var values = [value]
    var allowed = users
    while let number = uses.producer(of: values[0]) {
      guard uses.count(values[0]) == allowed else { return nil }
      allowed = 1
      let node = uses.graph.nodes[number]
      guard node.domain.isEmpty, node.outputs.filter({ !$0.isEmpty }).count == 1 else { return nil }
      if let layer = layers[number] {
        self.init(layer, bias: layer.node.opType == "MatMul" ? nil : 2, in: uses, values, lastAxis)
        return
      }
      if let (matrix, bias) = Self.biasedProduct(node, in: uses, layers) {
        self.init(matrix, addend: bias, in: uses, matrix.node.outputs + values, lastAxis)
        return
      }
      if node.isChannelNormalization(lastAxis: lastAxis) {
        self.init(normalization: node, in: uses, values)
        return
      }
      guard node.isHomogeneous(lastAxis: lastAxis), let input = node.inputs.first else {
        return nil
      }
      values.insert(input, at: 0)
    }
    return nil
  }

  private init?(
    _ layer: ProductLayer, bias: Int?, in uses: ValueUses, _ values: [String], _ lastAxis: Bool
  ) {
    let name = bias.flatMap { $0 < layer.node.inputs.count ? layer.node.inputs[$0] : "" } ?? ""
    self.init(layer, addend: name, in: uses, values, lastAxis)
  }

  /// A product and what is added to it; no name for nothing.
  private init?(
    _ layer: ProductLayer, addend: String, in uses: ValueUses, _ values: [String], _ lastAxis: Bool
  ) {
    guard layer.isConvolution != lastAxis, let axes = layer.channelAxes, uses.ownsWeight(layer)
    else { return nil }
    var parts = [Part(weight: layer.weight, axis: axes.output)]
    if !addend.isEmpty {
      guard let bias = uses.ownVector(addend) else { return nil }
      parts.append(Part(weight: bias, axis: 0))
    }
    self.init(parts: parts, layer: layer, values: values)
  }

  private init?(normalization node: Node, in uses: ValueUses, _ values: [String]) {
    let parts = node.inputs.dropFirst().filter { !$0.isEmpty }.map(uses.ownVector)
    guard parts.count >= 1, parts.allSatisfy({ $0 != nil }) else { return nil }
    self.init(
      parts: parts.compactMap { $0 }.map { Part(weight: $0, axis: 0) }, layer: nil, values: values)
  }

  /// The MatMul whose only user is the Add `node`, and what is added.
  private static func biasedProduct(
    _ node: Node, in uses: ValueUses, _ layers: [Int: ProductLayer]
  ) -> (ProductLayer, addend: String)? {
    guard node.opType == "Add", node.inputs.count == 2 else { return nil }
    for side in 0..<2 {
      guard let number = uses.producer(of: node.inputs[side]), let layer = layers[number],
        layer.node.opType == "MatMul", uses.count(node.inputs[side]) == 1
      else { continue }
      return (layer, node.inputs[1 - side])
    }
    return nil
  }
}

extension ValueUses {
  /// The weight of one axis that `value` is and that nothing else uses.
  fileprivate func ownVector(_ value: String) -> String? {
    guard let weight = ownWeight(value),
      graph.initializers.first(where: { $0.weightName == weight })?.shape.rank == 1
    else { return nil }
    return weight
  }
}

extension Node {
  /// Whether a positive factor for each channel of the first input passes to the output unchanged.
  fileprivate func isHomogeneous(lastAxis: Bool) -> Bool {
    switch opType {
    case "Relu", "LeakyRelu", "Identity", "Dropout": true
    case "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool": !lastAxis
    default: false
    }
  }

  /// Whether it normalises and then multiplies each channel of the value by a number of its own.
  fileprivate func isChannelNormalization(lastAxis: Bool) -> Bool {
    switch opType {
    case "LayerNormalization":
      lastAxis && integer("axis", default: -1) == -1
    case "RMSNormalization": lastAxis && integer("axis", default: -1) == -1
    case "GroupNormalization", "InstanceNormalization": !lastAxis
    default: false
    }
  }
}
