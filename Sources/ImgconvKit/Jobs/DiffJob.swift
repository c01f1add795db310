import ModelGraph
import Verification

/// `imgconv diff`: what changed between two models.
public struct DiffJob: Sendable {
  /// The older model.
  public var before: String
  /// The newer model.
  public var after: String
  /// Whether tensors stored differently are dequantized and their values compared.
  public var comparesValues: Bool

  /// Describes a comparison.
  public init(before: String, after: String, comparesValues: Bool = true) {
    self.before = before
    self.after = after
    self.comparesValues = comparesValues
  }

  /// Compares.
  ///
  /// - Throws: the formats' errors, `FileIOError`.
  public func run(progress: (String) -> Void) throws -> ModelDifference {
    let older = try ModelLoader().load(path: before).model
    let newer = try ModelLoader().load(path: after).model
    return try ModelDifference(
      from: older, to: newer, comparesValues: comparesValues, progress: progress)
  }
}
