/// What the ONNX reader may accept beyond the plain case.
public struct ONNXOptions: Hashable, Sendable {
  /// The folder that symbolic links to external data may lead into (`--data-root`); nil refuses
  /// every link.
  public var dataRoot: String?
  /// Whether external data may have several names (hard links).
  public var allowsHardLinks: Bool
  /// Whether the external ranges of different tensors may overlap.
  public var allowsOverlap: Bool

  /// Accepts what is given; the default accepts the plain case only.
  public init(
    dataRoot: String? = nil, allowsHardLinks: Bool = false, allowsOverlap: Bool = false
  ) {
    self.dataRoot = dataRoot
    self.allowsHardLinks = allowsHardLinks
    self.allowsOverlap = allowsOverlap
  }
}
