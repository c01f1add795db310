/// Prompts and how they are encoded.
public struct PromptOptions: Hashable, Sendable {
  /// What the images shall show, in turn; empty for models that take no text.
  public var prompts: [String]
  /// What they shall not show, in turn; empty where nothing is said.
  public var negativePrompts: [String]
  /// How many of CLIP's last layers are skipped beyond those that the model skips itself.
  public var clipSkip: Int
  /// How many tokens T5 is given; nil for the pipeline's own number.
  public var tokenCount: Int?

  /// Describes prompts.
  public init(
    prompts: [String] = [], negativePrompts: [String] = [], clipSkip: Int = 0,
    tokenCount: Int? = nil
  ) {
    self.prompts = prompts
    self.negativePrompts = negativePrompts
    self.clipSkip = clipSkip
    self.tokenCount = tokenCount
  }

  /// All texts that images may need.
  package var distinctTexts: [PromptText] {
    prompts.map { .prompt($0) }
      + (negativePrompts.isEmpty ? [.absent] : negativePrompts.map { .negative($0) })
  }

  /// The text for image number `index`; there must be prompts.
  package func prompt(_ index: Int) -> PromptText { .prompt(prompts[index % prompts.count]) }

  /// The text against which image number `index` is guided.
  package func negative(_ index: Int) -> PromptText {
    negativePrompts.isEmpty ? .absent : .negative(negativePrompts[index % negativePrompts.count])
  }
}
