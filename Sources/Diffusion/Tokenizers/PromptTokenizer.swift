/// A prompt as a text encoder takes it: token numbers and which of them are text.
public struct TokenizedPrompt: Hashable, Sendable {
  /// The token numbers, `[tokens]`.
  public var ids: [Int64]
  /// 1 for each token of the prompt (its special tokens among them), 0 for padding, `[tokens]`.
  public var attentionMask: [Int64]

  /// A prompt of those tokens.
  public init(ids: [Int64], attentionMask: [Int64]) {
    self.ids = ids
    self.attentionMask = attentionMask
  }
}

/// Splits prompts into the tokens of a text encoder's vocabulary.
public protocol PromptTokenizer: Sendable {
  /// What stands around every prompt and how it is filled up.
  var frame: PromptFrame { get }

  /// The tokens of `text` alone: neither framed, nor cut, nor filled up.
  func tokens(of text: String) -> [Int]
}

extension PromptTokenizer {
  /// All tokens of `text` within the frame, however many they are.
  public func encode(_ text: String) -> [Int] {
    frame.prefix + tokens(of: text) + frame.suffix
  }

  /// The tokens of `text` within the frame, cut at the end so that the frame's suffix stays, and
  /// filled up with the padding token, to exactly `length` tokens.
  ///
  /// - Parameter length: the number of tokens, not negative; nil for the frame's own.
  /// - Throws: `DiffusionError.setting` where neither gives a length or the frame does not fit.
  public func encode(_ text: String, length: Int?) throws -> TokenizedPrompt {
    guard let length = length ?? frame.length else {
      throw DiffusionError.setting(
        name: "model_max_length", expected: "a number of tokens", found: "none")
    }
    let room = length - frame.prefix.count - frame.suffix.count
    guard room >= 0 else {
      throw DiffusionError.setting(
        name: "token count",
        expected: "at least \(frame.prefix.count + frame.suffix.count)", found: "\(length)")
    }
    let ids = frame.prefix + tokens(of: text).prefix(room) + frame.suffix
    let padding = length - ids.count
    return TokenizedPrompt(
      ids: (ids + [Int](repeating: frame.padding, count: padding)).map(Int64.init),
      attentionMask: [Int64](repeating: 1, count: ids.count)
        + [Int64](repeating: 0, count: padding))
  }
}

/// What stands around every prompt, and the length prompts are brought to.
public struct PromptFrame: Hashable, Sendable {
  /// The tokens before the text: CLIP's `<|startoftext|>`.
  public var prefix: [Int]
  /// The tokens after it: CLIP's `<|endoftext|>`, T5's `</s>`.
  public var suffix: [Int]
  /// The token that fills up.
  public var padding: Int
  /// The number of tokens the encoder was trained with (`model_max_length`), where one is given.
  public var length: Int?

  /// A frame of those tokens.
  public init(prefix: [Int], suffix: [Int], padding: Int, length: Int?) {
    self.prefix = prefix
    self.suffix = suffix
    self.padding = padding
    self.length = length
  }
}
