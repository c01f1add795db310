import ArgumentParser
import Diffusion
import ImgconvKit

/// Options of every command that generates images: what they shall show and how large they are.
struct PromptArguments: ParsableArguments {
  @Option(
    help: "What the images shall show, by the model's own text encoders; again for more, in turn.")
  var prompt: [String] = []

  @Option(help: "What they shall not show, for guidance; again for more, in turn.")
  var negativePrompt: [String] = []

  @Option(help: "How many of CLIP's last layers to skip beyond those the model skips.")
  var clipSkip = 0

  @Option(help: "How many tokens T5 gets (default: the pipeline's).")
  var promptTokens: Int?

  @Option(name: .customLong("class"), help: "The classes to show, in turn, as 3 or 0,1,2.")
  var classes: String?

  @Option(help: "The label of no class, for guidance (default: the highest).")
  var nullClass: Int?

  @Option(
    parsing: .upToNextOption,
    help: """
      Safetensors of the denoiser's further inputs, by name, one row for all images or one an \
      image; for guidance those of no condition begin with negative.
      """)
  var conditioning: [String] = []

  @Option(help: "Height and width as the denoiser sees them, as 64 or 64x96.")
  var size: ImageSize?

  @Option(help: "The images' height in pixels.")
  var height: Int?

  @Option(help: "The images' width in pixels.")
  var width: Int?

  mutating func validate() throws {
    guard negativePrompt.isEmpty || !prompt.isEmpty else {
      throw ValidationError("--negative-prompt: needs --prompt")
    }
    guard (0...1000).contains(clipSkip) else {
      throw ValidationError("--clip-skip: expected 0 to 1000, found \(clipSkip)")
    }
    if let promptTokens, !(1...65536).contains(promptTokens) {
      throw ValidationError("--prompt-tokens: expected 1 to 65536, found \(promptTokens)")
    }
    guard size == nil || (height == nil && width == nil) else {
      throw ValidationError("--size: does not go with --height and --width")
    }
    _ = try classNumbers()
  }

  /// What the images shall show.
  func conditions() throws -> ConditioningOptions {
    ConditioningOptions(
      classes: try classNumbers(), nullClass: nullClass,
      prompts: PromptOptions(
        prompts: prompt, negativePrompts: negativePrompt, clipSkip: clipSkip,
        tokenCount: promptTokens), files: conditioning)
  }

  /// How large they shall be.
  var extents: ImageExtents {
    if let size { return .denoised(height: size.extents.height, width: size.extents.width) }
    return height == nil && width == nil ? .standard : .pixels(height: height, width: width)
  }

  private func classNumbers() throws -> [Int] {
    try classes.map { try NumberList.parse($0, option: "--class") } ?? []
  }
}
