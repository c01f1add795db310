import Tensors

/// The reference's trajectories, kept for the candidate's turn: predictions, clean estimates and
/// images, in memory as far as they fit and else on disk.
public final class KeptTrajectories {
  private struct Entry {
    let sample: Int
    let stepCount: Int
    let steps: [(prediction: TensorCache.Kept, estimate: TensorCache.Kept)]
    let image: TensorCache.Kept
  }

  private let cache = TensorCache()
  private var entries: [Entry] = []
  /// The whole trajectories of the first sample, in order of their numbers of steps.
  public private(set) var first: [WalkedTrajectory] = []

  /// Keeps nothing yet.
  public init() {}

  /// How many trajectories are kept.
  public var count: Int { entries.count }

  /// Keeps `walked`.
  ///
  /// - Throws: `FileIOError`.
  public func add(_ walked: WalkedTrajectory) throws {
    entries.append(
      Entry(
        sample: walked.sample, stepCount: walked.stepCount,
        steps: try walked.steps.map {
          (try cache.keep($0.prediction), try cache.keep($0.cleanEstimate))
        }, image: try cache.keep(walked.image)))
    if first.first.map({ $0.sample == walked.sample }) ?? true { first.append(walked) }
  }

  /// The predictions and clean estimates of trajectory number `index`, in the order of `add`.
  ///
  /// - Throws: `FileIOError`, `TensorError.outOfMemory`.
  func steps(of index: Int) throws -> [(prediction: Tensor, estimate: Tensor)] {
    try entries[index].steps.map {
      (try cache.tensor($0.prediction), try cache.tensor($0.estimate))
    }
  }

  /// The image of trajectory number `index`.
  ///
  /// - Throws: `FileIOError`, `TensorError.outOfMemory`.
  func image(of index: Int) throws -> Tensor { try cache.tensor(entries[index].image) }

  /// Whether `walked` may be compared with trajectory number `index`.
  func matches(_ walked: WalkedTrajectory, _ index: Int) -> Bool {
    entries.indices.contains(index) && entries[index].sample == walked.sample
      && entries[index].stepCount == walked.stepCount
  }
}
