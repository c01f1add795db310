import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Tensors
import Verification

/// `imgconv verify`: a candidate against its reference.
public struct VerifyJob: Sendable {
  /// The model to judge.
  public var candidate: String
  /// The model that is right.
  public var reference: String
  /// Files of inputs; empty to draw them.
  public var inputs: [String]
  /// The seed of drawn inputs; sample k uses seed + k.
  public var seed: UInt64
  /// How many samples to draw, over all shards.
  public var count: Int
  /// The part of the samples to run; nil for all.
  public var shard: Shard?
  /// Whether sample 0 is compared layer by layer too.
  public var comparesLayers: Bool
  /// Whether, where the gate fails, the layers to keep in fp16 are looked for.
  public var bisects: Bool
  /// What the candidate must keep to.
  public var policy: GatePolicy
  /// An earlier report that the candidate must not fall behind; nil for none.
  public var baseline: String?
  /// Where a PNG of the outputs that are images goes: reference, candidate, difference times 8.
  public var images: String?
  /// Networks that judge outputs that are images, each a path or `FILE:OUTPUT`.
  public var metricModels: [String] = []
  /// How `images` is put into place.
  public var outputPolicy: OutputPolicy

  /// Describes a verification.
  public init(
    candidate: String, reference: String, inputs: [String] = [], seed: UInt64 = 0,
    count: Int = 4, shard: Shard? = nil, comparesLayers: Bool = true,
    bisects: Bool = false, policy: GatePolicy = GatePolicy(), baseline: String? = nil,
    images: String? = nil, outputPolicy: OutputPolicy = OutputPolicy()
  ) {
    self.candidate = candidate
    self.reference = reference
    self.inputs = inputs
    self.seed = seed
    self.count = count
    self.shard = shard
    self.comparesLayers = comparesLayers
    self.bisects = bisects
    self.policy = policy
    self.baseline = baseline
    self.images = images
    self.outputPolicy = outputPolicy
  }
}

extension VerifyJob {
  /// Verifies.
  ///
  /// - Throws: `VerificationError`, `JobError`, the formats' and the runtime's errors.
  public func run(progress: @escaping (String) -> Void) throws -> VerificationReport {
    let picture = try images.map {
      try OutputFile(path: $0, policy: outputPolicy)
    }
    let earlier = try baseline.map { try VerificationReport(path: $0) }
    let candidate = try ModelLoader().load(path: candidate)
    let reference = try ModelLoader().load(path: reference)
    var gallery = ImageGallery(sheetIsWanted: picture != nil)
    var judge = try ImageSetJudge(metricModels)
    let verifier = ModelVerifier(
      samples: try samples(), comparesLayers: comparesLayers, progress: progress
    ) {
      subject, sample, reference, candidate in
      try gallery.add(subject, sample, reference: reference, candidate: candidate)
      try judge.add(subject, sample, reference: reference, candidate: candidate, label: nil)
    }
    let measured = try verifier.measure(candidate: candidate.model, reference: reference.model)
    var report = try VerificationReport(
      tool: Provenance.tool, candidate: try ComparedArtifact(candidate),
      reference: try ComparedArtifact(reference), settings: try settings, shard: shard,
      precisions: measured.precisions, policy: policy,
      measurements: measured.measurements + judge.measurements,
      drift: measured.drift,
      samplerDrift: try SamplingDifference.drift(
        candidate: candidate.model, reference: reference.model),
      distributions: judge.distributions, images: gallery.pairs,
      baseline: earlier, day: Self.today)
    if bisects, !report.passed {
      report.bisection = try bisection(report, candidate.model, reference.model, progress)
    }
    if let picture { try gallery.writeSheet(to: picture) }
    return report
  }

  /// The layers to keep in the first component that breaks a limit; nil where it has no graph.
  private func bisection(
    _ report: VerificationReport, _ candidate: Model, _ reference: Model,
    _ progress: @escaping (String) -> Void
  ) throws -> Bisection? {
    let failing = report.judgement.breaches.first?.subject.component
    guard let component = reference.components.first(where: { $0.label == failing }) else {
      return nil
    }
    let counterpart = try candidate.counterpart(of: component, in: reference)
    guard let (graph, other) = component.graphs.pairs(with: counterpart.graphs).first else {
      return nil
    }
    let samples = try samples().samples(for: graph, of: component)
    let evaluation = try OutputEvaluation(reference: component, graph, inputs: samples)
    return try LayerBisection(
      reference: component, graph, candidate: counterpart, other,
      evaluate: { component, graph, isFirstOnly in
        try evaluation.measurements(of: component, graph, isFirstSampleOnly: isFirstOnly)
      },
      passes: { measurements in
        policy.judge(measurements, precisions: report.precisions, on: Self.today).passed
      }, progress: progress
    ).run()
  }

  /// The day on which waivers are looked at: that of `SOURCE_DATE_EPOCH` where it is set.
  static var today: CalendarDay {
    CalendarDay(Provenance.timestamp.map { Date(timeIntervalSince1970: Double($0)) } ?? Date())
  }

  private var settings: VerificationSettings {
    get throws {
      VerificationSettings(
        inputs: inputs.map(\.lastComponent), seed: seed, count: inputs.isEmpty ? count : 1,
        depths: comparesLayers ? [.outputs, .cumulative, .isolated] : [.outputs],
        metricNetworks: try metricNetworks)
    }
  }

  /// The metric networks by name and digest; nil for none.
  var metricNetworks: [String]? {
    get throws {
      metricModels.isEmpty ? nil : try metricModels.map { try MetricNetwork.identity(of: $0) }
    }
  }

  private func samples() throws -> any SampleSource {
    guard inputs.isEmpty else { return try GivenSamples(paths: inputs) }
    return DrawnSamples(seed: seed, numbers: shard?.samples(of: count) ?? 0..<count)
  }
}

extension ComparedArtifact {
  /// The model that was loaded, by digest and history.
  init(_ loaded: LoadedModel) throws {
    let inputs = try Provenance.inputs(of: loaded)
    self.init(
      name: loaded.path.lastComponent, digest: inputs.first?.sha256 ?? "",
      byteCount: inputs.reduce(0) { $0 + $1.byteCount },
      history: loaded.model.provenance.filter { $0.action != "read" }.map(\.line))
  }
}

extension ProvenanceStep {
  /// The step in one line: what was done with which options to which inputs.
  fileprivate var line: String {
    let options = options.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let inputs = inputs.map { "\($0.name) (sha256 \($0.sha256.prefix(12))…)" }
    return "\(tool) \(action)\(options) from \(inputs.joined(separator: ", "))"
  }
}

/// One sample: the tensors of files.
private struct GivenSamples: SampleSource {
  private let files: TensorFiles

  init(paths: [String]) throws { files = try TensorFiles(paths: paths, prefix: "input.") }

  var firstNumber: Int { 0 }

  func samples(for graph: Graph, of component: Component) throws -> [[String: Tensor]] {
    let given = try files.assigned(to: graph.requiredInputs, what: "inputs")
    let names = Set(graph.requiredInputs.map(\.name))
    return [given.filter { names.contains($0.key) }]
  }
}
