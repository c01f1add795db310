import Operators
import SafetensorsFormat
import Tensors
import Verification

/// How good generated images are by a classifier: how many are taken for what they shall show, and
/// how far their features are distributed from those of real images.
public struct ImageScores: Sendable {
  /// How many images were looked at.
  public var count: Int
  /// The share taken for their class, 0 … 1; nil without labels.
  public var accuracy: Double?
  /// The Fréchet distance of their features to the reference's; nil without a reference, or with
  /// fewer than two images.
  public var frechetDistance: Double?
}

/// Collects what a classifier sees in images.
///
/// The classifier's graph takes images `[N, C, H, W]`, clamped to −1 … 1, and gives `logits`
/// `[N, classes]`, `features` `[N, n]`, or both. The reference's moments are the tensors `mean` `[n]`
/// and `covariance` `[n, n]` of a safetensors file.
struct ImageJudge {
  private let network: MetricNetwork
  private let reference: FeatureMoments?
  private var features: [[Double]] = []
  private var correct = 0
  private var labelled = 0
  private var count = 0

  /// - Throws: what reading the two files throws; `JobError.inputFile` for lacking moments.
  init(classifier specification: String, reference: String?) throws {
    network = try MetricNetwork(specification)
    self.reference = try reference.map(Self.moments)
  }

  private static func moments(_ path: String) throws -> FeatureMoments {
    let file = try SafetensorsFile(path: path)
    func values(_ name: String) throws -> [Double] {
      guard let index = file.tensors.firstIndex(where: { $0.name == name }) else {
        throw JobError.inputFile(path: path, reason: "tensor \(name): missing")
      }
      return try file.tensor(index).converted(to: .float64).array(of: Double.self)
    }
    return try FeatureMoments(mean: values("mean"), covariance: values("covariance"))
  }

  /// Looks at a batch of images, float32, and the classes that they shall show.
  mutating func add(_ images: Tensor, labels: [Int]?) throws {
    let outputs = try network.look(at: images)
    count += images.shape[0]
    if let logits = outputs["logits"], let labels {
      for (row, label) in zip(logits, labels) {
        labelled += 1
        if row.indexOfLargest == label { correct += 1 }
      }
    }
    if let found = outputs[network.output ?? "features"], reference != nil {
      features += found.map { $0.map(Double.init) }
    }
  }

  /// The scores of all images.
  func scores() throws -> ImageScores {
    ImageScores(
      count: count,
      accuracy: labelled > 0 ? Double(correct) / Double(labelled) : nil,
      frechetDistance: features.count >= 2
        ? try reference?.frechetDistance(to: FeatureMoments(features)) : nil)
  }
}
