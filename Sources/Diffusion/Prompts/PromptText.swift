/// A text that conditions an image.
public enum PromptText: Hashable, Sendable {
  /// What the image shall show.
  case prompt(String)
  /// What it shall not show.
  case negative(String)
  /// No negative prompt was given: the empty text, or zeros where the pipeline says so.
  case absent

  /// The text; empty where there is none.
  var content: String {
    switch self {
    case .prompt(let text), .negative(let text): text
    case .absent: ""
    }
  }

  /// Whether layers that `clipSkip` names are skipped for it: diffusers skips them for what shall
  /// be shown only.
  var skipsLayers: Bool {
    if case .prompt = self { true } else { false }
  }
}
