import FileIO

/// Lines of a quantization recipe (`formats/recipe.md`), to be pasted under its `rules`.
enum RecipeText {
  /// The rule that keeps the layer of `weight` in fp16.
  static func keeping(_ weight: String) -> String {
    let pattern = weight.reduce(into: "") { pattern, character in
      if "*?[]\\".contains(character) { pattern.append("\\") }
      pattern.append(character)
    }
    // A JSON string, which YAML reads as the same text.
    let quoted = String(decoding: JSONWriter.bytes(.string(pattern)), as: UTF8.self)
    return "- {pattern: \(quoted), weights: fp16}"
  }
}
