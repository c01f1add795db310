import Diffusion
import FileIO
import ModelGraph
import Operators
import Runtime
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
  private let session: Session
  private let reference: FeatureMoments?
  private var features: [[Double]] = []
  private var correct = 0
  private var labelled = 0
  private var count = 0

  /// - Throws: what reading the two files throws; `JobError.inputFile` for lacking moments.
  init(classifier path: String, reference: String?) throws {
    let loaded = try ModelLoader().load(path: path)
    guard let component = loaded.model.components.first(where: { !$0.graphs.isEmpty }),
      let graph = component.graphs.first, graph.requiredInputs.count == 1
    else { throw JobError.noGraph(path: path, command: "--metric-model") }
    session = try Session(graph: graph, weights: component.weights)
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
    let clamped = images.array(of: Float.self).map { min(max($0, -1), 1) }
    let outputs = try session.run([
      session.inputs[0].name: try Tensor(clamped, images.shape)
    ])
    count += images.shape[0]
    if let logits = outputs["logits"], let labels {
      let rows = try Self.rows(logits)
      for (row, label) in zip(rows, labels) {
        labelled += 1
        if let best = row.indices.max(by: { row[$0] < row[$1] }), best == label { correct += 1 }
      }
    }
    if let found = outputs["features"], reference != nil { features += try Self.rows(found) }
  }

  private static func rows(_ tensor: Tensor) throws -> [[Double]] {
    let values = try tensor.converted(to: .float64).array(of: Double.self)
    let size = tensor.shape.rank > 0 && tensor.shape[0] > 0 ? values.count / tensor.shape[0] : 0
    guard size > 0 else { return [] }
    return stride(from: 0, to: values.count, by: size).map { Array(values[$0..<($0 + size)]) }
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
