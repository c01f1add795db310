/// A LoRA file and how strongly it is folded in.
public struct LoRASource: Hashable, Sendable {
  /// The path of a safetensors file.
  public var path: String
  /// What its updates are multiplied by; 1 as trained.
  public var scale: Double

  /// A file at that strength.
  public init(path: String, scale: Double = 1) {
    self.path = path
    self.scale = scale
  }

  /// Reads `FILE` or `FILE:SCALE`; nil where the scale is no finite number.
  ///
  /// A colon without a number after it belongs to the path.
  public init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":") else {
      self.init(path: argument)
      return
    }
    let tail = argument[argument.index(after: colon)...]
    guard let scale = Double(tail) else {
      self.init(path: argument)
      return
    }
    guard scale.isFinite else { return nil }
    self.init(path: String(argument[..<colon]), scale: scale)
  }
}
