import ModelGraph

/// Which of a text encoder's hidden states conditions a denoiser.
struct HiddenState: Hashable {
  /// How many layers from the last it is: 0 for the last layer's own.
  var layersFromEnd: Int
  /// Whether the final normalisation is applied to it.
  var isNormalized: Bool

  /// The encoder's last state, normalised: `last_hidden_state`.
  static let last = HiddenState(layersFromEnd: 0, isNormalized: true)

  /// The state before the last layer, as it is: `hidden_states[-2]` of transformers.
  static let penultimate = HiddenState(layersFromEnd: 1, isNormalized: false)
}

extension Graph {
  /// The graph with `state` as an output, and that output's name.
  ///
  /// States of a transformer are told from its layer normalisations: two a layer, the first on the
  /// state that the layer takes, and one after the last layer, as in CLIP's text encoder.
  ///
  /// - Throws: `DiffusionError.setting` where there are not as many layers, `.graph` for a network of
  ///   another form.
  func giving(_ state: HiddenState) throws(DiffusionError) -> (graph: Graph, output: String) {
    let known = [
      HiddenState.last: "last_hidden_state", .penultimate: "penultimate_hidden_state",
    ]
    if let name = known[state], outputs.contains(where: { $0.name == name }) { return (self, name) }
    let norms = nodes.filter { $0.opType == "LayerNormalization" }
    guard norms.count % 2 == 1, norms.count >= 3, let final = norms.last else {
      throw .graph(
        name: name, expected: "a transformer of two normalisations a layer and one at the end",
        found: ["\(norms.count) normalisations"])
    }
    let layers = norms.count / 2
    guard (0...layers).contains(state.layersFromEnd) else {
      throw .setting(
        name: "clip skip", expected: "fewer than the encoder's \(layers) layers",
        found: "\(state.layersFromEnd) layers from the end")
    }
    let value = norms[2 * (layers - state.layersFromEnd)].inputs[0]
    return adding(output: value, normalizedBy: state.isNormalized ? final : nil)
  }

  private func adding(output value: String, normalizedBy norm: Node?) -> (Graph, String) {
    var graph = self
    let name = "skipped_hidden_state"
    var node = norm ?? Node("Identity", inputs: [value], outputs: [name])
    node.name = name
    node.inputs[0] = value
    node.outputs = [name]
    graph.nodes.append(node)
    let type = outputs.first { $0.name == "last_hidden_state" }?.type
    graph.outputs.append(ValueInfo(name: name, type: type ?? TensorType(.float32, nil)))
    return (graph, name)
  }
}
