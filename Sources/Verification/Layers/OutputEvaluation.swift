import ModelGraph
import Runtime
import Tensors

/// Measures the outputs of candidates for one reference on the same inputs.
public struct OutputEvaluation {
  private let label: String
  private let graph: Graph
  private let inputs: [[String: Tensor]]
  private let expected: [[Tensor]]

  /// Runs the reference.
  ///
  /// - Throws: what running it throws.
  public init(reference: Component, _ graph: Graph, inputs: [[String: Tensor]]) throws {
    label = reference.label
    self.graph = graph
    self.inputs = inputs
    expected = try Self.outputs(of: reference, graph, as: graph, inputs[...])
  }

  /// The measurements of every output of `component` that the reference has: of all samples, or of
  /// the first alone.
  ///
  /// - Throws: what running it throws; `VerificationError.missing`, `.shape`.
  public func measurements(
    of component: Component, _ graph: Graph, isFirstSampleOnly: Bool
  ) throws -> [Measurement] {
    let found = try Self.outputs(
      of: component, graph, as: self.graph, inputs.prefix(isFirstSampleOnly ? 1 : inputs.count))
    return try zip(expected, found).enumerated().flatMap { sample, pair in
      try zip(self.graph.outputs, zip(pair.0, pair.1)).map { output, tensors in
        let comparison = try TensorComparison(
          name: output.name, reference: tensors.0, candidate: tensors.1)
        return Measurement(
          subject: Subject(
            component: label, graph: self.graph.name, depth: .outputs, name: output.name),
          sample: sample, values: comparison.metrics)
      }
    }
  }

  private static func outputs(
    of component: Component, _ graph: Graph, as reference: Graph,
    _ inputs: ArraySlice<[String: Tensor]>
  ) throws -> [[Tensor]] {
    let session = try Session(graph: graph, weights: component.weights)
    return try inputs.map { sample in
      let results = try session.run(sample)
      return try reference.outputs.map { output in
        guard let tensor = results[output.name] else {
          throw VerificationError.missing(name: output.name, found: results.keys.sorted())
        }
        return tensor
      }
    }
  }
}
