import FileIO
import ModelGraph
import Tensors

/// All that is decided about a component, ready to be put together: with every decision, or with
/// some weights given another scheme.
struct ComponentQuantization: Sendable {
  let component: Component
  let decisions: [TensorDecision]
  let layers: [ProductLayer]
  let activations: [ActivationDecision]
  let sites: [ActivationSite]
  let parameters: [Int: [ByteString: [ScaleParameters]]]
  let timesteps: [Int: [Float]]
  let biases: BiasPlan
  let converter: WeightConverter

  /// The quantized component and its weights.
  ///
  /// - Parameters:
  ///   - schemes: other schemes for some weights, by name; the activations of those that are not
  ///     integers any more are not quantized.
  ///   - store: keeps converted weights for the next time.
  func assembled(
    _ schemes: [ByteString: WeightScheme] = [:], reason: String = "", store: ConvertedStore? = nil
  ) throws -> (component: Component, source: QuantizedSource) {
    let decisions = decisions.map { decision -> TensorDecision in
      guard let scheme = schemes[ByteString(decision.tensor.name)] else { return decision }
      var changed = decision
      changed.scheme = scheme.normalized(for: decision.tensor.dtype)
      changed.reason = reason
      changed.granularity = nil
      return changed
    }
    func isQuantized(_ weight: ByteString) -> Bool { schemes[weight] == nil }
    var taken = Set(component.weights.tensors.map { ByteString($0.name) })
    taken.formUnion(biases.corrections.map { ByteString($0.bias) })
    let names = decisions.map { decision -> GeneratedNames? in
      guard case .integer(let scheme) = decision.scheme else { return nil }
      return GeneratedNames(
        for: decision.tensor.name, isSymmetric: scheme.isSymmetric, taken: &taken)
    }
    let biases = biases.filtered(isQuantized)
    let source = try QuantizedSource(
      original: component.weights, decisions: decisions, names: names, converter: converter,
      biases: biases, store: store)
    var quantized = component
    quantized.weights = source
    let rewriter = GraphQuantizer(decisions, names)
    quantized.graphs = try component.graphs.enumerated().map { index, graph in
      rewriter.rewrite(
        try ActivationRewriter.rewrite(
          biases.rewrite(graph, index: index), activeSites(in: index, isQuantized),
          parameters[index] ?? [:], timesteps: timesteps[index] ?? []))
    }
    for (decision, names) in zip(decisions, names) {
      guard case .integer(let scheme) = decision.scheme, let names,
        let granularity = decision.granularity
      else { continue }
      quantized.quantization[decision.tensor.name] = TensorQuantization(
        originalType: decision.tensor.dtype, granularity: granularity, scale: names.scale,
        zeroPoint: names.zeroPoint, isSymmetric: scheme.isSymmetric)
    }
    return (quantized, source)
  }

  /// The sites of graph `index`, without the users whose weights are not integers.
  private func activeSites(
    in index: Int, _ isQuantized: (ByteString) -> Bool
  ) -> [ActivationSite] {
    let kept = Set(
      layers.filter { $0.graph == index && !isQuantized(ByteString($0.weight)) }.map(\.index))
    return sites.filter { $0.graph == index }.compactMap { site in
      var site = site
      site.users.removeAll { kept.contains($0.node) }
      return site.users.isEmpty ? nil : site
    }
  }
}
