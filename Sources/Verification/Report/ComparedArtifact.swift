/// One of the two models of a verification.
public struct ComparedArtifact: Hashable, Codable, Sendable {
  /// The file's name without its folder.
  public var name: String
  /// The content digest of a native file, the SHA-256 of another's bytes.
  public var digest: String
  /// The size of the file in bytes.
  public var byteCount: UInt64
  /// The steps that made it, oldest first, each in one line.
  public var history: [String]

  /// Describes an artifact.
  public init(name: String, digest: String, byteCount: UInt64, history: [String] = []) {
    self.name = name
    self.digest = digest
    self.byteCount = byteCount
    self.history = history
  }
}
