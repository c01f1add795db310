import FileIO
import ModelGraph
import Runtime
import Tensors

/// The inputs that both models are run on: one dictionary a sample.
public protocol SampleSource {
  /// The number of the first sample, counted over all parts of a sharded verification.
  var firstNumber: Int { get }

  /// The samples for `graph` of `component`, in order.
  ///
  /// - Throws: `VerificationError.cannotSynthesize`, or what reading a file gives.
  func samples(for graph: Graph, of component: Component) throws -> [[String: Tensor]]
}

/// What was measured of a candidate, with the precision of each component, by its label.
public struct ModelMeasurements: Sendable {
  /// The measurements: components in the reference's order, then graphs, outputs, samples.
  public var measurements: [Measurement] = []
  /// How coarse each component's weights are, by its label.
  public var precisions: [String: Precision] = [:]
  /// The first layer at fault of the first component that has one; nil where none has, or none was
  /// looked for.
  public var drift: LayerDrift?
}

/// Runs a candidate and its reference on the same inputs and compares all outputs; components
/// without a graph are compared tensor by tensor.
public struct ModelVerifier {
  /// Is shown each pair of outputs that is compared, with the sample's number.
  public typealias Observer = (
    _ subject: Subject, _ sample: Int, _ reference: Tensor, _ candidate: Tensor
  ) throws -> Void

  private let samples: any SampleSource
  private let comparesLayers: Bool
  private let progress: (String) -> Void
  private let observe: Observer

  /// - Parameters:
  ///   - samples: the inputs.
  ///   - comparesLayers: whether sample 0, where it is among the samples, is compared layer by layer
  ///     too.
  ///   - progress: is told what is being done.
  ///   - observe: is shown each pair of outputs that is compared.
  public init(
    samples: any SampleSource, comparesLayers: Bool = false,
    progress: @escaping (String) -> Void = { _ in },
    observe: @escaping Observer = { _, _, _, _ in }
  ) {
    self.samples = samples
    self.comparesLayers = comparesLayers
    self.progress = progress
    self.observe = observe
  }

  /// Compares every component of `reference` with its counterpart in `candidate`.
  ///
  /// - Throws: `VerificationError` where the two cannot be compared, or what running them throws.
  public func measure(candidate: Model, reference: Model) throws -> ModelMeasurements {
    var result = ModelMeasurements()
    for component in reference.components {
      let counterpart = try candidate.counterpart(of: component, in: reference)
      result.precisions[component.label] = Precision(candidate: counterpart, reference: component)
      try measure(counterpart, against: component, &result)
    }
    guard !result.measurements.isEmpty else { throw VerificationError.nothingToCompare }
    return result
  }

  private func measure(
    _ candidate: Component, against reference: Component, _ result: inout ModelMeasurements
  ) throws {
    let runnable = reference.graphs.pairs(with: candidate.graphs)
    guard !runnable.isEmpty else {
      result.measurements += try WeightComparison(progress: progress)
        .compare(candidate, against: reference)
      return
    }
    for (graph, other) in runnable {
      result.measurements += try compareOutputs(candidate, other, reference, graph)
      if comparesLayers, samples.firstNumber == 0 {
        try compareLayers(candidate, other, reference, graph, &result)
      }
    }
  }

  private func compareLayers(
    _ candidate: Component, _ candidateGraph: Graph, _ reference: Component,
    _ referenceGraph: Graph, _ result: inout ModelMeasurements
  ) throws {
    guard let inputs = try samples.samples(for: referenceGraph, of: reference).first else { return }
    let comparison = try LayerComparison(
      reference: reference, referenceGraph, candidate: candidate, candidateGraph,
      progress: progress)
    let (measurements, drift) = try comparison.measure(inputs, sample: 0)
    result.measurements += measurements
    result.drift = result.drift ?? drift
  }

  private func compareOutputs(
    _ candidate: Component, _ candidateGraph: Graph, _ reference: Component,
    _ referenceGraph: Graph
  ) throws -> [Measurement] {
    let inputs = try samples.samples(for: referenceGraph, of: reference)
    // One model in memory at a time: the reference's outputs are kept, not its weights.
    let cache = TensorCache()
    var kept: [[TensorCache.Kept]] = []
    try run(reference, referenceGraph, inputs, "reference") { _, outputs in
      kept.append(
        try referenceGraph.outputs.map { try cache.keep(Self.value($0.name, in: outputs)) })
    }
    var measurements: [Measurement] = []
    try run(candidate, candidateGraph, inputs, "candidate") { index, outputs in
      for (output, expected) in zip(referenceGraph.outputs, kept[index]) {
        measurements.append(
          try measure(
            subject(output, reference, referenceGraph), samples.firstNumber + index,
            try cache.tensor(expected), try Self.value(output.name, in: outputs)))
      }
    }
    return measurements
  }

  private func subject(_ output: ValueInfo, _ component: Component, _ graph: Graph) -> Subject {
    Subject(
      component: component.label, graph: graph.name, depth: .outputs, name: output.name,
      isExact: output.type.dtype.map { !$0.isFloatingPoint } ?? false)
  }

  private func measure(
    _ subject: Subject, _ sample: Int, _ reference: Tensor, _ candidate: Tensor
  ) throws -> Measurement {
    try observe(subject, sample, reference, candidate)
    let comparison = try TensorComparison(
      name: subject.name, reference: reference, candidate: candidate)
    var values = comparison.metrics
    if reference.shape.rank == 4, [1, 3].contains(reference.shape[1]) {
      values.merge(try ImageMetrics.values(reference: reference, candidate: candidate)) { $1 }
    }
    return Measurement(subject: subject, sample: sample, values: values)
  }

  private static func value(_ name: String, in outputs: [String: Tensor]) throws -> Tensor {
    guard let tensor = outputs[name] else {
      throw VerificationError.missing(name: name, found: outputs.keys.sorted())
    }
    return tensor
  }

  private func run(
    _ component: Component, _ graph: Graph, _ inputs: [[String: Tensor]], _ role: String,
    visit: (Int, [String: Tensor]) throws -> Void
  ) throws {
    progress("\(component.label): preparing the \(role)")
    let session = try Session(graph: graph, weights: component.weights)
    for (index, sample) in inputs.enumerated() {
      progress("\(component.label): \(role), sample \(index + 1) of \(inputs.count)")
      try visit(index, try session.run(sample))
    }
  }
}

extension [Graph] {
  /// The graphs of these that have a counterpart in `others`, of the same name or the only ones of
  /// both, with it.
  public func pairs(with others: [Graph]) -> [(Graph, Graph)] {
    if count == 1, others.count == 1 { return [(self[0], others[0])] }
    return compactMap { graph in
      others.first { $0.name == graph.name }.map { (graph, $0) }
    }
  }
}

extension Model {
  /// The component to compare with `component` of `reference`: the same name and role; else the
  /// same name; else the only one of both models.
  ///
  /// - Throws: `VerificationError.missingComponent`.
  public func counterpart(of component: Component, in reference: Model) throws -> Component {
    let named = components.filter { $0.name == component.name }
    if let exact = named.first(where: { $0.role == component.role }) { return exact }
    if named.count == 1, let only = named.first { return only }
    if components.count == 1, reference.components.count == 1 { return components[0] }
    throw VerificationError.missingComponent(
      name: component.label, found: components.map(\.label))
  }
}
