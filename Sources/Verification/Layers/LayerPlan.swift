import FileIO
import ModelGraph
import Tensors

/// Two graphs cut at the values they have in common, so that they can be walked side by side.
///
/// A *layer* is a node of the reference with the nodes of the candidate that compute the same
/// values: of a quantized candidate the node itself with the DequantizeLinear of its weights and the
/// QuantizeLinear and DequantizeLinear of its inputs.
struct LayerPlan {
  /// One layer.
  struct Layer {
    /// The reference's node that makes the values.
    let node: Node
    /// The candidate's node that makes them.
    let counterpart: Node
    /// The values that both make.
    let outputs: [String]
    /// The reference's part that computes them.
    let reference: Graph
    /// The candidate's part that computes them.
    let candidate: Graph
    /// Values that nothing reads after this layer.
    var released: [ByteString] = []
  }

  /// The layers in the reference's order.
  private(set) var layers: [Layer] = []

  /// Cuts `reference` and `candidate` at the values that both compute from their inputs, by name.
  ///
  /// - Throws: `VerificationError.noCommonLayer` where there are none.
  init(reference: Graph, candidate: Graph) throws(VerificationError) {
    let left = GraphIndex(reference)
    let right = GraphIndex(candidate)
    let common = Set(left.producers.keys).intersection(right.producers.keys)
      .subtracting(left.constants).subtracting(right.constants)
    guard !common.isEmpty else { throw .noCommonLayer(reference: reference.name) }
    for node in reference.nodes {
      let outputs = node.outputs.filter { common.contains(ByteString($0)) }
      guard let first = outputs.first, let producer = right.producers[ByteString(first)] else {
        continue
      }
      layers.append(
        Layer(
          node: node, counterpart: candidate.nodes[producer], outputs: outputs,
          reference: left.part(computing: outputs, from: common),
          candidate: right.part(computing: outputs, from: common)))
    }
    releaseDeadValues()
  }

  private mutating func releaseDeadValues() {
    var seen: Set<ByteString> = []
    for index in layers.indices.reversed() {
      let layer = layers[index]
      let touched =
        (layer.reference.inputs + layer.candidate.inputs).map { ByteString($0.name) }
        + layer.outputs.map(ByteString.init)
      layers[index].released = touched.filter { seen.insert($0).inserted }
    }
  }
}
