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
  /// What a gate judges of a candidate in which some layers are the reference's: of all samples, or
  /// of the first alone.
  public typealias Evaluation = (
    _ component: Component, _ graph: Graph, _ isFirstSampleOnly: Bool
  ) throws -> [Measurement]

  private let mixed: MixedModel
  private let evaluate: Evaluation
  private let passes: ([Measurement]) -> Bool
  private let progress: (String) -> Void

  /// - Parameters:
  ///   - evaluate: measures a mixed model.
  ///   - passes: whether the gate holds for measurements.
  /// - Throws: `VerificationError.noCommonLayer`.
  public init(
    reference: Component, _ referenceGraph: Graph, candidate: Component, _ candidateGraph: Graph,
    evaluate: @escaping Evaluation, passes: @escaping ([Measurement]) -> Bool,
    progress: @escaping (String) -> Void = { _ in }
  ) throws {
    mixed = try MixedModel(
      reference: reference.tellingQuantization, referenceGraph,
      candidate: candidate.tellingQuantization, candidateGraph)
    self.evaluate = evaluate
    self.passes = passes
    self.progress = progress
  }

  /// Searches.
  ///
  /// - Throws: what running the models throws.
  public func run() throws -> Bisection {
    let weights = mixed.quantizedWeights
    guard try holds(keeping: Set(weights)) else {
      return Bisection(
        component: mixed.reference.label, isFound: false, layerCount: weights.count,
        recipeLines: [])
    }
    let ranked = try ranking(weights)
    var low = 0
    var high = ranked.count
    while low < high {
      let middle = (low + high) / 2
      if try holds(keeping: Set(ranked.prefix(middle))) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    var kept = Set(ranked.prefix(high))
    for weight in ranked.prefix(high).reversed() {
      if try holds(keeping: kept.subtracting([weight])) { kept.remove(weight) }
    }
    let ordered = weights.filter(kept.contains)
    return Bisection(
      component: mixed.reference.label, isFound: true, layerCount: weights.count,
      recipeLines: ordered.map(RecipeText.keeping))
  }

  /// The weights, the most harmful first.
  private func ranking(_ weights: [String]) throws -> [String] {
    var harms: [(weight: String, harm: Double)] = []
    for (index, weight) in weights.enumerated() {
      progress("bisect: layer \(index + 1) of \(weights.count)")
      let (component, graph) = try mixed.component(keeping: Set(weights).subtracting([weight]))
      let errors = try evaluate(component, graph, true).compactMap { $0.values[.relativeL2] }
      harms.append((weight, errors.reduce(0, +)))
    }
    return harms.enumerated().sorted {
      let (a, b) = ($0.element.harm, $1.element.harm)
      return a == b ? $0.offset < $1.offset : a > b
    }.map(\.element.weight)
  }

  private func holds(keeping kept: Set<String>) throws -> Bool {
    progress("bisect: keeping \(kept.count)")
    let (component, graph) = try mixed.component(keeping: kept)
    return passes(try evaluate(component, graph, false))
  }
}
