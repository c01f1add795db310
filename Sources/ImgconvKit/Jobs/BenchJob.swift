import Foundation
import Kernels
import ModelGraph
import Runtime
import Tensors
import Verification

/// `imgconv bench`: how long a graph's runs take, and how much memory.
public struct BenchJob: Sendable {
  /// The model: an .imgc or .onnx file.
  public var model: String
  /// The component or graph to run, where several could be meant.
  public var component: String?
  /// Files of inputs; empty to draw them.
  public var inputs: [String]
  /// Extents of free dimensions of drawn inputs.
  public var dimensions: DimensionBindings
  /// How many runs are measured; at least 1.
  public var runs: Int
  /// How many runs go before, not measured.
  public var warmup: Int
  /// Whether to tell where the time went.
  public var isProfiled: Bool
  /// The rewrites of the plan to leave out, beside those that the environment names.
  public var withoutFusions: [String]

  /// Describes a measurement.
  public init(
    model: String, component: String? = nil, inputs: [String] = [],
    dimensions: DimensionBindings, runs: Int = 5, warmup: Int = 1, isProfiled: Bool = false,
    withoutFusions: [String] = []
  ) {
    self.model = model
    self.component = component
    self.inputs = inputs
    self.dimensions = dimensions
    self.runs = runs
    self.warmup = warmup
    self.isProfiled = isProfiled
    self.withoutFusions = withoutFusions
  }
}

/// What a measurement gave.
public struct BenchReport: Sendable {
  /// The graph that was run.
  public var graph: String
  /// The inputs' types and shapes, such as `sample float32 [1, 4, 64, 64]`.
  public var inputs: [String]
  /// The instruction set in use, and how many threads.
  public var instructionSet: String
  public var threads: Int
  /// Reading, planning and packing, in seconds.
  public var loadSeconds: Double
  /// The measured runs.
  public var times: TimingStatistics
  /// The most memory the process held, in bytes, loading included.
  public var peakByteCount: Int?
  /// The memory planned for the results inside a run; nil where shapes are not known ahead.
  public var activations: MemoryPlan?
  /// The operations of products and convolutions in a run; nil where some shapes are not known
  /// ahead.
  public var operations: Double?
  /// Where the time of the measured runs went, where asked for.
  public var profile: ProfileReport?

  /// Operations a second over the median time, in 10⁹.
  public var gigaOperationsPerSecond: Double? { operations.map { $0 / times.median / 1e9 } }
}

extension BenchJob {
  /// Measures.
  ///
  /// - Throws: `JobError`, `VerificationError.cannotSynthesize`, the formats' and the runtime's
  ///   errors.
  public func run(progress: (String) -> Void = { _ in }) throws -> BenchReport {
    let clock = ContinuousClock()
    let files = try TensorFiles(paths: inputs, prefix: "input.")
    let start = clock.now
    progress("loading \(model)")
    let loaded = try ModelLoader().load(path: model)
    let selected = try GraphSelection(loaded, component: component).graphs(givenInputs: files)
    guard let (owner, unbound) = selected.first, selected.count == 1 else {
      throw JobError.ambiguousGraph(path: model, found: selected.map { $0.graph.name })
    }
    let graph = try dimensions.bound(unbound)
    let session = try Session(
      graph: graph, weights: owner.weights,
      options: SessionOptions(rewrites: .environment(omitting: withoutFusions)))
    let loadSeconds = (clock.now - start).inSeconds
    let given = try tensors(for: graph, of: owner, files)
    let profile = isProfiled ? ExecutionProfile() : nil
    for index in 0..<warmup {
      progress("warm-up run \(index + 1) of \(warmup)")
      _ = try session.run(given)
    }
    let seconds = try (0..<max(1, runs)).map { index in
      progress("run \(index + 1) of \(runs)")
      let start = clock.now
      _ = try session.run(given, observer: profile)
      return (clock.now - start).inSeconds
    }
    let count = try? OperationCount(graph, weights: owner.weights, inputs: given)
    return BenchReport(
      graph: graph.name, inputs: describe(graph, given),
      instructionSet: "\(try InstructionSet.current)", threads: Parallel.threadCount,
      loadSeconds: loadSeconds, times: TimingStatistics(seconds),
      peakByteCount: PeakMemory.byteCount,
      activations: session.activationMemory(
        for: session.inputs.compactMap { given[$0.name] }),
      operations: count.flatMap { $0.unknownNodes == 0 ? $0.operations : nil },
      profile: profile.map(ProfileReport.init))
  }

  private func tensors(
    for graph: Graph, of owner: Component, _ files: TensorFiles
  ) throws -> [String: Tensor] {
    guard inputs.isEmpty else {
      return try files.assigned(to: graph.requiredInputs, what: "inputs")
    }
    return try DrawnSamples(seed: 0, numbers: 0..<1).samples(for: graph, of: owner)[0]
  }

  private func describe(_ graph: Graph, _ given: [String: Tensor]) -> [String] {
    graph.requiredInputs.compactMap { input in
      given[input.name].map { "\(input.name) \($0.dtype.name) \($0.shape)" }
    }
  }
}

extension Duration {
  /// The duration in seconds.
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
