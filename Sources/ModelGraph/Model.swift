import Tensors

/// One step in a model's history: what tool did what to which inputs.
public struct ProvenanceStep: Hashable, Sendable {
  /// An input by its content.
  public struct Input: Hashable, Sendable {
    /// The file's name without its folder.
    public var name: String
    /// The SHA-256 of its bytes, or of a native file's content, in lower-case hexadecimal.
    public var sha256: String
    /// Its size in bytes.
    public var byteCount: UInt64

    /// An input of that name and content.
    public init(name: String, sha256: String, byteCount: UInt64) {
      self.name = name
      self.sha256 = sha256
      self.byteCount = byteCount
    }
  }

  /// The command: `import`, `quantize`, `distill`.
  public var action: String
  /// The tool and its version.
  public var tool: String
  /// The options that shape the result, by name.
  public var options: [String: String]
  /// What was read.
  public var inputs: [Input]
  /// What the step normalised or dropped, in words, each with the tensor or field concerned.
  public var notes: [String]
  /// Seconds since 1970, only where `SOURCE_DATE_EPOCH` asks for a time.
  public var timestamp: Int64?

  /// Describes a step.
  public init(
    action: String, tool: String, options: [String: String] = [:], inputs: [Input] = [],
    notes: [String] = [], timestamp: Int64? = nil
  ) {
    self.action = action
    self.tool = tool
    self.options = options
    self.inputs = inputs
    self.notes = notes
    self.timestamp = timestamp
  }
}

/// A model: networks that belong together, the files they need and their history.
public struct Model: Sendable {
  /// The networks, in order; names are unique within a role.
  public var components: [Component]
  /// Files carried along: scheduler configuration, tokenizer files, `model_index.json`.
  public var files: [AttachedFile]
  /// The steps that made the model, oldest first.
  public var provenance: [ProvenanceStep]

  /// A model of the given parts.
  public init(
    components: [Component], files: [AttachedFile] = [], provenance: [ProvenanceStep] = []
  ) {
    self.components = components
    self.files = files
    self.provenance = provenance
  }

  /// The content of the attached file at `path`.
  public func file(at path: String) -> [UInt8]? {
    files.first { $0.path == path }?.content
  }
}
