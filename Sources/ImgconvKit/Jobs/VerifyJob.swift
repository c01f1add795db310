import FileIO
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
  /// How many samples to draw.
  public var count: Int
  /// The limits; nil for the defaults.
  public var gate: Gate?
  /// Where a PNG of the outputs that are images goes: reference, candidate, difference times 8.
  public var images: String?
  /// Whether `images` may be replaced.
  public var replacesExisting: Bool

  /// Describes a verification.
  public init(
    candidate: String, reference: String, inputs: [String] = [], seed: UInt64 = 0,
    count: Int = 4, gate: Gate? = nil, images: String? = nil, replacesExisting: Bool = false
  ) {
    self.candidate = candidate
    self.reference = reference
    self.inputs = inputs
    self.seed = seed
    self.count = count
    self.gate = gate
    self.images = images
    self.replacesExisting = replacesExisting
  }

  /// Verifies.
  ///
  /// - Throws: `VerificationError`, `JobError`, the formats' and the runtime's errors.
  public func run(progress: @escaping (String) -> Void) throws -> VerificationReport {
    let picture = try images.map {
      try OutputFile(path: $0, replacesExisting: replacesExisting)
    }
    let candidate = try ModelLoader().load(path: candidate).model
    let reference = try ModelLoader().load(path: reference).model
    let samples: any SampleSource =
      inputs.isEmpty
      ? DrawnSamples(seed: seed, count: count) : try GivenSamples(paths: inputs)
    var sheet = ComparisonSheet()
    let verifier = ModelVerifier(gate: gate, samples: samples, progress: progress) {
      _, reference, candidate in
      if picture != nil { try sheet.add(reference: reference, candidate: candidate) }
    }
    let report = try verifier.verify(candidate: candidate, reference: reference)
    if let picture {
      guard !sheet.isEmpty else {
        throw JobError.image(reason: "no output is an image of one or three channels")
      }
      try picture.write(try sheet.sheet.png())
      try picture.publish()
    }
    return report
  }
}

/// One sample: the tensors of files.
private struct GivenSamples: SampleSource {
  private let files: TensorFiles

  init(paths: [String]) throws { files = try TensorFiles(paths: paths, prefix: "input.") }

  func samples(for graph: Graph, of component: Component) throws -> [[String: Tensor]] {
    let given = try files.assigned(to: graph.requiredInputs, what: "inputs")
    let names = Set(graph.requiredInputs.map(\.name))
    return [given.filter { names.contains($0.key) }]
  }
}
