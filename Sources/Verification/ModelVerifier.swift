import FileIO
import ModelGraph
import Runtime
import Tensors

/// The inputs that both models are run on: one dictionary a sample.
public protocol SampleSource {
  /// The samples for `graph` of `component`, in order.
  ///
  /// - Throws: `VerificationError.cannotSynthesize`, or what reading a file gives.
  func samples(for graph: Graph, of component: Component) throws -> [[String: Tensor]]
}

/// Runs a candidate and its reference on the same inputs and compares all outputs; components
/// without a graph are compared tensor by tensor.
public struct ModelVerifier {
  private let gate: Gate?
  private let samples: any SampleSource
  private let progress: (String) -> Void
  private let observe: (_ output: String, _ reference: Tensor, _ candidate: Tensor) throws -> Void

  /// - Parameters:
  ///   - gate: the limits; nil for the defaults of each component's precision.
  ///   - samples: the inputs.
  ///   - progress: is told what is being done.
  ///   - observe: is shown each pair of outputs that is compared.
  public init(
    gate: Gate? = nil, samples: any SampleSource, progress: @escaping (String) -> Void = { _ in },
    observe: @escaping (_ output: String, _ reference: Tensor, _ candidate: Tensor) throws -> Void =
      { _, _, _ in }
  ) {
    self.gate = gate
    self.samples = samples
    self.progress = progress
    self.observe = observe
  }

  /// Compares every component of `reference` with its counterpart in `candidate`.
  ///
  /// - Throws: `VerificationError` where the two cannot be compared, or what running them throws.
  public func verify(candidate: Model, reference: Model) throws -> VerificationReport {
    var reports: [ComponentReport] = []
    for component in reference.components {
      let counterpart = try candidate.counterpart(of: component, in: reference)
      reports += try verify(counterpart, against: component)
    }
    guard !reports.isEmpty else { throw VerificationError.nothingToCompare }
    return VerificationReport(components: reports)
  }

  private func verify(
    _ candidate: Component, against reference: Component
  ) throws -> [ComponentReport] {
    let precision = Precision(candidate: candidate, reference: reference)
    let gate = gate ?? .standard(for: precision)
    let runnable = reference.graphs.filter { graph in
      candidate.graphs.contains { $0.name == graph.name }
        || (reference.graphs.count == 1 && candidate.graphs.count == 1)
    }
    guard !runnable.isEmpty else {
      let outputs = try WeightComparison(gate: gate, progress: progress)
        .compare(candidate, against: reference)
      return [
        ComponentReport(
          component: reference.label, graph: nil, depth: .weights, precision: precision,
          gate: gate, outputs: outputs)
      ]
    }
    return try runnable.map { graph in
      let other = candidate.graphs.first { $0.name == graph.name } ?? candidate.graphs[0]
      let outputs = try compareOutputs(candidate, other, reference, graph, gate)
      return ComponentReport(
        component: reference.label, graph: graph.name, depth: .outputs, precision: precision,
        gate: gate, outputs: outputs)
    }
  }

  private func compareOutputs(
    _ candidate: Component, _ candidateGraph: Graph, _ reference: Component,
    _ referenceGraph: Graph, _ gate: Gate
  ) throws -> [OutputReport] {
    let inputs = try samples.samples(for: referenceGraph, of: reference)
    // One model in memory at a time: the reference's outputs are kept, not its weights.
    let expected = try outputs(of: reference, referenceGraph, inputs, "reference")
    let found = try outputs(of: candidate, candidateGraph, inputs, "candidate")
    return try referenceGraph.outputs.map { output in
      let comparisons = try zip(expected, found).map { expected, found in
        guard let left = expected[output.name] else {
          throw VerificationError.missing(name: output.name, found: expected.keys.sorted())
        }
        guard let right = found[output.name] else {
          throw VerificationError.missing(name: output.name, found: found.keys.sorted())
        }
        try observe(output.name, left, right)
        return try TensorComparison(name: output.name, reference: left, candidate: right)
      }
      return OutputReport(name: output.name, samples: comparisons, gate: gate)
    }
  }

  private func outputs(
    of component: Component, _ graph: Graph, _ inputs: [[String: Tensor]], _ role: String
  ) throws -> [[String: Tensor]] {
    progress("\(component.label): preparing the \(role)")
    let session = try Session(graph: graph, weights: component.weights)
    return try inputs.enumerated().map { index, sample in
      progress("\(component.label): \(role), sample \(index + 1) of \(inputs.count)")
      return try session.run(sample)
    }
  }
}

extension OutputReport {
  /// The report of one output's comparisons under a gate.
  init(name: String, samples: [TensorComparison], gate: Gate) {
    let violations = samples.enumerated().flatMap { index, comparison in
      gate.violations(comparison).map { (sample: index, violation: $0) }
    }
    self.init(name: name, samples: samples, violations: violations)
  }
}

extension Model {
  /// The component to compare with `component` of `reference`: the same name and role; else the
  /// same name; else the only one of both models.
  fileprivate func counterpart(of component: Component, in reference: Model) throws -> Component {
    let named = components.filter { $0.name == component.name }
    if let exact = named.first(where: { $0.role == component.role }) { return exact }
    if named.count == 1, let only = named.first { return only }
    if components.count == 1, reference.components.count == 1 { return components[0] }
    throw VerificationError.missingComponent(
      name: component.label, found: components.map(\.label))
  }
}
