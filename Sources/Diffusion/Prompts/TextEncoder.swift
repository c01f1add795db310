import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// What a text encoder says of one text.
struct EncodedText {
  /// The hidden state asked for, `[1, tokens, size]`, float32.
  let hidden: Tensor
  /// The text as a whole, `[1, size]`, float32; nil where the encoder has no such output.
  let pooled: Tensor?
  /// 1 for each token of the text, 0 for padding, `[1, tokens]`, int64.
  let mask: Tensor
}

/// A text encoder of a model and the tokenizer that belongs to it.
struct TextEncoder {
  /// The encoder.
  let component: Component
  private let graph: Graph
  private let tokenizer: any PromptTokenizer
  private let positions: Int?

  /// The encoder of that number among `parts`: `text_encoder` and `tokenizer`, `text_encoder_2` and
  /// `tokenizer_2` …; nil where the model has none.
  ///
  /// - Throws: `DiffusionError.tokenizer`, `.graph`.
  init?(_ parts: PipelineParts, number: Int) throws(DiffusionError) {
    let suffix = number == 1 ? "" : "_\(number)"
    guard let component = parts.component("text_encoder\(suffix)") else { return nil }
    guard
      let graph = component.graphs.first(where: { graph in
        graph.inputs.contains { $0.name == "input_ids" }
      })
    else {
      throw .graph(
        name: component.label, expected: "a graph that takes input_ids",
        found: component.graphs.map(\.name))
    }
    self.component = component
    self.graph = graph
    tokenizer = try TokenizerLoader(files: parts.files).load(
      folder: parts.folder("tokenizer\(suffix)"))
    positions = component.count("max_position_embeddings")
  }
}

extension TextEncoder {
  /// One text and which of its hidden states is wanted.
  struct Request {
    var text: String
    var state: HiddenState = .last
  }

  /// Encodes texts, one at a time, with the encoder in memory only meanwhile.
  ///
  /// - Parameters:
  ///   - requests: the texts.
  ///   - length: how many tokens each is brought to; nil for the tokenizer's own number.
  ///   - isMasked: whether padding is hidden from the encoder.
  /// - Throws: `DiffusionError`, the runtime's errors.
  func encode(_ requests: [Request], length: Int? = nil, isMasked: Bool = false) throws
    -> [EncodedText]
  {
    var graph = isMasked ? graph.requiring(["attention_mask"]) : graph
    var names: [HiddenState: String] = [:]
    for state in Set(requests.map(\.state)) { (graph, names[state]) = try graph.giving(state) }
    let session = try Session(graph: graph, weights: component.weights)
    return try requests.map { request in
      let tokens = try tokenizer.encode(
        request.text, length: length ?? tokenizer.frame.length ?? positions)
      let shape = try Shape(checking: [1, tokens.ids.count])
      let mask = try Tensor(tokens.attentionMask, shape)
      var inputs = ["input_ids": try Tensor(tokens.ids, shape)]
      if isMasked { inputs["attention_mask"] = mask }
      let outputs = try session.run(inputs)
      guard let name = names[request.state], let hidden = outputs[name] else {
        throw DiffusionError.graph(
          name: component.label, expected: "a hidden state", found: outputs.keys.sorted())
      }
      let pooled = outputs["text_embeds"] ?? outputs["pooler_output"]
      return EncodedText(
        hidden: try hidden.converted(to: .float32),
        pooled: try pooled?.converted(to: .float32), mask: mask)
    }
  }
}
