import ModelGraph
import Runtime
import Tensors

/// Finds a smallest set of layers that, kept in fp16, make a gate hold.
///
/// Each quantized layer's own harm is measured first: the squared error of the outputs where that
/// layer alone is quantized. Layers are then kept in order of harm; how many it takes is found by
/// bisection (errors fall as layers are kept), and every kept layer that turns out not to be needed
/// is given back, the least harmful first.
public struct LayerBisection {
  private let mixed: MixedModel
  private let referenceGraph: Graph
  private let inputs: [[String: Tensor]]
  private let passes: ([Measurement]) -> Bool
  private let progress: (String) -> Void

  /// - Parameters:
  ///   - inputs: the samples.
  ///   - passes: whether the gate holds for measurements of the outputs.
  /// - Throws: `VerificationError.noCommonLayer`.
  public init(
    reference: Component, _ referenceGraph: Graph, candidate: Component, _ candidateGraph: Graph,
    inputs: [[String: Tensor]], passes: @escaping ([Measurement]) -> Bool,
    progress: @escaping (String) -> Void = { _ in }
  ) throws {
    mixed = try MixedModel(
      reference: reference, referenceGraph, candidate: candidate, candidateGraph)
    self.referenceGraph = referenceGraph
    self.inputs = inputs
    self.passes = passes
    self.progress = progress
  }

  /// Searches.
  ///
  /// - Throws: what running the models throws.
  public func run() throws -> Bisection {
    let weights = mixed.quantizedWeights
    let expected = try outputs(of: mixed.reference, referenceGraph)
    guard try holds(keeping: Set(weights), expected) else {
      return Bisection(
        component: mixed.reference.label, isFound: false, layerCount: weights.count,
        recipeLines: [])
    }
    let ranked = try ranking(weights, expected)
    var low = 0
    var high = ranked.count
    while low < high {
      let middle = (low + high) / 2
      if try holds(keeping: Set(ranked.prefix(middle)), expected) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    var kept = Set(ranked.prefix(high))
    for weight in ranked.prefix(high).reversed() {
      if try holds(keeping: kept.subtracting([weight]), expected) { kept.remove(weight) }
    }
    let ordered = weights.filter(kept.contains)
    return Bisection(
      component: mixed.reference.label, isFound: true, layerCount: weights.count,
      recipeLines: ordered.map(RecipeText.keeping))
  }

  /// The weights, the most harmful first.
  private func ranking(_ weights: [String], _ expected: [[Tensor]]) throws -> [String] {
    var harms: [(weight: String, harm: Double)] = []
    for (index, weight) in weights.enumerated() {
      progress("bisect: layer \(index + 1) of \(weights.count)")
      let kept = Set(weights).subtracting([weight])
      let comparisons = try comparisons(keeping: kept, expected, limit: 1)
      harms.append((weight, comparisons.map(\.comparison.relativeL2).reduce(0, +)))
    }
    return harms.enumerated().sorted {
      let (a, b) = ($0.element.harm, $1.element.harm)
      return a == b ? $0.offset < $1.offset : a > b
    }.map(\.element.weight)
  }

  private func holds(keeping kept: Set<String>, _ expected: [[Tensor]]) throws -> Bool {
    progress("bisect: keeping \(kept.count)")
    let comparisons = try comparisons(keeping: kept, expected, limit: inputs.count)
    return passes(
      comparisons.map { output, sample, comparison in
        Measurement(
          subject: Subject(
            component: mixed.reference.label, graph: referenceGraph.name, depth: .outputs,
            name: output), sample: sample, values: comparison.metrics)
      })
  }

  private func comparisons(
    keeping kept: Set<String>, _ expected: [[Tensor]], limit: Int
  ) throws -> [(output: String, sample: Int, comparison: TensorComparison)] {
    let (component, graph) = try mixed.component(keeping: kept)
    let found = try outputs(of: component, graph, limit: limit)
    return try zip(expected, found).enumerated().flatMap { sample, pair in
      try zip(referenceGraph.outputs, zip(pair.0, pair.1)).map { output, tensors in
        (
          output.name, sample,
          try TensorComparison(name: output.name, reference: tensors.0, candidate: tensors.1)
        )
      }
    }
  }

  private func outputs(
    of component: Component, _ graph: Graph, limit: Int = .max
  ) throws -> [[Tensor]] {
    let session = try Session(graph: graph, weights: component.weights)
    return try inputs.prefix(limit).map { sample in
      let results = try session.run(sample)
      return try referenceGraph.outputs.map { output in
        guard let tensor = results[output.name] else {
          throw VerificationError.missing(name: output.name, found: results.keys.sorted())
        }
        return tensor
      }
    }
  }
}
