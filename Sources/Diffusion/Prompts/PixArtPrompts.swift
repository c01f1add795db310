import ModelGraph
import Tensors

/// PixArt-α and -Σ (`PixArtAlphaPipeline` without `clean_caption`): T5's states of the text in lower
/// case without white space around it, and the mask of its tokens.
struct PixArtPrompts: PromptRule {
  let t5: TextEncoder
  let tokenCount: Int

  func inputs(_ texts: [PromptText]) throws -> [[String: Tensor]] {
    let requests = texts.map { text in
      TextEncoder.Request(text: Self.trimmed(text.content.lowercased()))
    }
    return try t5.encode(requests, length: tokenCount, isMasked: true).map {
      ["encoder_hidden_states": $0.hidden, "encoder_attention_mask": $0.mask]
    }
  }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...end])
  }
}
