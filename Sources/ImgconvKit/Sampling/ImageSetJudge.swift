import Tensors
import Verification

/// What metric networks see in the images of two models, image by image.
struct ImageSetJudge {
  private static let logits = "logits"
  private static let features = "features"
  private let networks: [MetricNetwork]
  /// The scores of every image.
  private(set) var measurements: [Measurement] = []
  /// The features of all images, in order of first appearance.
  private(set) var distributions: [FeatureDistribution] = []

  /// Reads the networks, each given as `MetricNetwork` takes it.
  init(_ specifications: [String]) throws {
    networks = try specifications.map { try MetricNetwork($0) }
  }

  /// Looks at one pair of outputs; what is no image is passed over.
  ///
  /// - Parameter label: the class that the images shall show; nil where that is not known.
  /// - Throws: what running a network throws; `JobError.option` for one that gives nothing usable.
  mutating func add(
    _ subject: Subject, _ sample: Int, reference: Tensor, candidate: Tensor, label: Int?
  ) throws {
    guard !networks.isEmpty, reference.shape == candidate.shape,
      reference.shape.rank == 4, [1, 3].contains(reference.shape[1]), reference.elementCount > 0
    else { return }
    for network in networks {
      let pair = (try network.look(at: reference), try network.look(at: candidate))
      var isUsed = false
      if let label, let before = pair.0[Self.logits], let after = pair.1[Self.logits] {
        func hits(_ rows: [[Float]]) -> [Double] {
          rows.map { $0.indexOfLargest == label ? 1 : 0 }
        }
        add(named(network, Self.logits, subject), sample, hits(before), hits(after))
        isUsed = true
      }
      let output = network.output ?? Self.features
      if output != Self.logits || !isUsed, let before = pair.0[output], let after = pair.1[output] {
        add(named(network, output, subject), sample, before, after)
        isUsed = true
      }
      guard isUsed else {
        throw JobError.option(
          name: "--metric-model",
          expected: "a network that gives features, or an output by name as FILE:OUTPUT",
          found: pair.0.keys.sorted().joined(separator: ", "))
      }
    }
  }

  /// One number an image is a score, more are features.
  private mutating func add(
    _ subject: Subject, _ sample: Int, _ before: [[Float]], _ after: [[Float]]
  ) {
    guard let size = before.first?.count, size > 1 else {
      add(subject, sample, before.map { Double($0[0]) }, after.map { Double($0[0]) })
      return
    }
    let found = distributions.firstIndex { $0.subject == subject }
    let index = found ?? distributions.count
    if found == nil { distributions.append(FeatureDistribution(subject: subject, size: size)) }
    for row in before { distributions[index].reference.add(row) }
    for row in after { distributions[index].candidate.add(row) }
  }

  private mutating func add(
    _ subject: Subject, _ sample: Int, _ before: [Double], _ after: [Double]
  ) {
    guard !before.isEmpty else { return }
    let expected = before.reduce(0, +) / Double(before.count)
    let found = after.reduce(0, +) / Double(after.count)
    measurements.append(
      Measurement(
        subject: subject, sample: sample, values: [.score: found, .scoreLoss: expected - found]))
  }

  /// The subject of a network's output, for images that `subject` names.
  private func named(_ network: MetricNetwork, _ output: String, _ subject: Subject) -> Subject {
    let images = subject.depth == .trajectory ? "" : " of \(subject.name)"
    return Subject(
      component: subject.component, graph: subject.graph, depth: .distribution,
      name: "\(network.name):\(output)\(images)", steps: subject.steps)
  }
}
