import FileIO
import ModelGraph
import Tensors

/// Where what a quantized product lacks on average is added: to its bias, or to a new one.
struct BiasPlan: Sendable {
  /// A bias that is corrected.
  struct Correction: Sendable {
    /// The weight whose products are corrected.
    let weight: ByteString
    /// The component's tensor that is the bias, or the name of a new one.
    let bias: String
    /// Whether the bias is new.
    let isNew: Bool
    /// The layer.
    let layer: ProductLayer
    /// The output channels.
    let channelCount: Int
  }

  /// The corrections, in the order of the layers.
  private(set) var corrections: [Correction] = []

  /// Finds the biases of `layers`, whose weights have the matrices given by name.
  ///
  /// Left out are weights that several layers share, biases that others use too or that are not
  /// fp32, products scaled by alpha or beta, transposed convolutions, and MatMul without an Add.
  init(
    component: Component, layers: [ProductLayer], matrices: [ByteString: WeightMatrix],
    taken: inout Set<ByteString>
  ) {
    let layersOfWeights = Dictionary(grouping: layers) { ByteString($0.weight) }
    let uses = component.graphs.map { ValueUses($0) }
    let infos = Dictionary(
      component.weights.tensors.map { (ByteString($0.name), $0) },
      uniquingKeysWith: { first, _ in first })
    for layer in layers {
      let key = ByteString(layer.weight)
      guard layersOfWeights[key]?.count == 1, let matrix = matrices[key], matrix.rowsPerChannel == 1
      else {
        continue
      }
      if layer.takesNewBias {
        corrections.append(
          Correction(
            weight: key, bias: GeneratedNames.free("\(layer.weight).bias_correction", &taken),
            isNew: true, layer: layer, channelCount: matrix.channelCount))
      } else if let bias = uses[layer.graph].ownBias(of: layer), let info = infos[ByteString(bias)],
        info.dtype == .float32, info.shape == [matrix.channelCount]
      {
        corrections.append(
          Correction(
            weight: key, bias: bias, isNew: false, layer: layer,
            channelCount: matrix.channelCount))
      }
    }
  }

  /// The corrections of the weights for which `isWanted` holds.
  func filtered(_ isWanted: (ByteString) -> Bool) -> BiasPlan {
    var plan = self
    plan.corrections = corrections.filter { isWanted($0.weight) }
    return plan
  }

  /// `graph`, number `index` of its component, with the new biases.
  func rewrite(_ graph: Graph, index: Int) -> Graph {
    var result = graph
    for correction in corrections where correction.isNew && correction.layer.graph == index {
      let name = correction.bias
      result.initializers.append(
        Initializer(name: name, dtype: .float32, shape: [correction.channelCount]))
      var inputs = result.nodes[correction.layer.index].inputs
      if inputs.count > 2 { inputs[2] = name } else { inputs.append(name) }
      result.nodes[correction.layer.index].inputs = inputs
    }
    return result
  }
}

extension ProductLayer {
  /// Whether the node has a bias input that is left out.
  fileprivate var takesNewBias: Bool {
    guard node.opType == "Conv" || node.opType == "Gemm", isUnscaled else { return false }
    return node.inputs.count < 3 || node.inputs[2].isEmpty
  }

  /// Whether alpha and beta, where there are any, are 1.
  fileprivate var isUnscaled: Bool {
    ["alpha", "beta"].allSatisfy { name in
      if case .float(let factor)? = node.attributes[name] { factor == 1 } else { true }
    }
  }
}

extension ValueUses {
  /// The weight that is the bias of `layer` and of nothing else.
  fileprivate func ownBias(of layer: ProductLayer) -> String? {
    if layer.node.opType == "MatMul" {
      return layer.node.outputs.first.flatMap(addend).flatMap(ownWeight)
    }
    guard layer.isUnscaled, layer.node.inputs.count > 2 else { return nil }
    return ownWeight(layer.node.inputs[2])
  }

  /// The other operand of the Add that is the only user of `value`.
  private func addend(to value: String) -> String? {
    guard let user = onlyUser(of: value), user.opType == "Add", user.inputs.count == 2 else {
      return nil
    }
    return user.inputs[ByteString(user.inputs[0]) == ByteString(value) ? 1 : 0]
  }
}
