import FileIO
import Foundation
import ModelGraph
import Runtime
import SafetensorsFormat
import Tensors
import Verification

/// `imgconv run`: a graph on given inputs, its outputs written or compared with expectations.
public struct RunJob: Sendable {
  /// The model: an .imgc or .onnx file.
  public var model: String
  /// The component to run; nil for the only one, or the only one whose inputs are given.
  public var component: String?
  /// Files of inputs.
  public var inputs: [String]
  /// Where outputs go, as safetensors.
  public var output: String?
  /// Files of expected outputs.
  public var expectations: [String]
  /// The largest error allowed, over the expectation's range.
  public var tolerance: Double
  /// How `output` and `trace` are put into place.
  public var outputPolicy: OutputPolicy
  /// Whether to tell where the time went.
  public var isProfiled: Bool
  /// Where the steps go as a Chrome trace.
  public var trace: String?
  /// The rewrites of the plan to leave out, beside those that the environment names.
  public var withoutFusions: [String]

  /// Describes a run.
  public init(
    model: String, component: String? = nil, inputs: [String], output: String? = nil,
    expectations: [String] = [], tolerance: Double = 1e-4,
    outputPolicy: OutputPolicy = OutputPolicy(),
    isProfiled: Bool = false, trace: String? = nil, withoutFusions: [String] = []
  ) {
    self.model = model
    self.component = component
    self.inputs = inputs
    self.output = output
    self.expectations = expectations
    self.tolerance = tolerance
    self.outputPolicy = outputPolicy
    self.isProfiled = isProfiled
    self.trace = trace
    self.withoutFusions = withoutFusions
  }
}

/// What a run gave.
public struct RunReport: Sendable {
  /// One output.
  public struct Output: Sendable {
    /// The output's name.
    public var name: String
    /// Its type.
    public var dtype: DType
    /// Its extents.
    public var shape: Shape
    /// How it compares with what was expected; nil where nothing was.
    public var comparison: TensorComparison?
    /// Whether it is within the tolerance.
    public var passed: Bool
  }

  /// The outputs of all graphs that were run.
  public var outputs: [Output]
  /// The tolerance applied.
  public var tolerance: Double
  /// Where the time went, where asked for.
  public var profile: ProfileReport?

  /// Whether every output with an expectation is within the tolerance.
  public var passed: Bool { outputs.allSatisfy(\.passed) }
}

extension RunJob {
  /// Runs.
  ///
  /// - Throws: `JobError`, `VerificationError`, the formats' and the runtime's errors.
  public func run(progress: (String) -> Void = { _ in }) throws -> RunReport {
    let traceFile = try trace.map {
      try OutputFile(path: $0, policy: outputPolicy)
    }
    let profile = isProfiled || trace != nil ? ExecutionProfile() : nil
    let loaded = try ModelLoader().load(path: model)
    let files = try TensorFiles(paths: inputs, prefix: "input.")
    let expected = try TensorFiles(paths: expectations, prefix: "output.")
    let selected = try GraphSelection(loaded, component: component).graphs(givenInputs: files)
    var report = RunReport(outputs: [], tolerance: tolerance)
    var results: [(name: String, tensor: Tensor)] = []
    for (owner, plain) in selected {
      let graph = plain.requiring(files.named.keys)
      progress("\(owner.label): preparing \(graph.name)")
      let session = try Session(
        graph: graph, weights: owner.weights,
        options: SessionOptions(rewrites: .environment(omitting: withoutFusions)))
      progress("\(owner.label): running \(graph.name)")
      let given = try files.inputs(for: session.inputs, what: "inputs")
      let wanted =
        selected.count == 1
        ? given
        : given.filter { name, _ in
          session.inputs.contains { $0.name == name }
        }
      let outputs = try session.run(wanted, observer: profile)
      let expectations = try expected.assigned(to: graph.outputs, what: "expected outputs")
      for output in graph.outputs {
        guard let tensor = outputs[output.name] else { continue }
        results.append((output.name, tensor))
        report.outputs.append(try compare(output.name, tensor, expectations[output.name]))
      }
    }
    try checkAllCompared(expected, report)
    if let output { try write(results, to: output) }
    if let profile {
      if let traceFile { try ProfileReport.write(profile, to: traceFile) }
      if isProfiled { report.profile = ProfileReport(profile) }
    }
    return report
  }

  private func compare(
    _ name: String, _ tensor: Tensor, _ expected: Tensor?
  ) throws -> RunReport.Output {
    guard let expected else {
      return RunReport.Output(
        name: name, dtype: tensor.dtype, shape: tensor.shape, comparison: nil, passed: true)
    }
    let comparison = try TensorComparison(name: name, reference: expected, candidate: tensor)
    let limit = expected.dtype.isFloatingPoint ? tolerance : 0
    return RunReport.Output(
      name: name, dtype: tensor.dtype, shape: tensor.shape, comparison: comparison,
      passed: comparison.relativeMaximumError <= limit && expected.dtype == tensor.dtype)
  }

  private func checkAllCompared(_ expected: TensorFiles, _ report: RunReport) throws {
    let found = report.outputs.map(\.name)
    if let missing = expected.named.keys.sorted().first(where: { !found.contains($0) }) {
      throw VerificationError.missing(name: missing, found: found)
    }
  }

  private func write(_ results: [(name: String, tensor: Tensor)], to path: String) throws {
    try SafetensorsWriter.write(
      TensorSet(results), to: path, policy: outputPolicy)
  }
}
