import ModelGraph
import Tensors

/// How a family of models turns texts into inputs of its denoiser.
protocol PromptRule {
  /// The denoiser's inputs for each of `texts`, one row each.
  ///
  /// - Throws: `DiffusionError`, the runtime's errors.
  func inputs(_ texts: [PromptText]) throws -> [[String: Tensor]]
}

extension TextEncoder {
  /// Encodes `texts` for a family that takes the state `state`, one earlier by `skip` for what shall
  /// be shown.
  func encode(_ texts: [PromptText], state: HiddenState, skip: Int) throws -> [EncodedText] {
    try encode(
      texts.map { text in
        var state = state
        if text.skipsLayers { state.layersFromEnd += skip }
        return Request(text: text.content, state: state)
      })
  }
}
