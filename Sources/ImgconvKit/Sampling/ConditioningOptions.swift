import Diffusion

/// What images shall show.
public struct ConditioningOptions: Sendable {
  /// The classes to show, in turn; empty for all but the last in turn.
  public var classes: [Int]
  /// The label of no class, for guidance; nil for the highest.
  public var nullClass: Int?
  /// Prompts, in turn.
  public var prompts: PromptOptions
  /// Files of conditioning tensors by the names of the graph's inputs, one row for all images or one
  /// an image; for guidance those of no condition carry the prefix `negative.`.
  public var files: [String]

  /// Describes what images shall show.
  public init(
    classes: [Int] = [], nullClass: Int? = nil, prompts: PromptOptions = PromptOptions(),
    files: [String] = []
  ) {
    self.classes = classes
    self.nullClass = nullClass
    self.prompts = prompts
    self.files = files
  }
}
