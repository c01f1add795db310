import FileIO
import Glibc
import ModelGraph
import Tensors

/// Writes a graph and its weights as an ONNX model.
///
/// Weights are streamed in chunks; the same graph, weights and options give the same bytes. A model
/// of 2 GiB or more gets its weights of 1 KiB and more into one file of external data beside it,
/// called as the model with `.data` behind.
public enum ONNXWriter {
  /// Whether weights go into a file beside the model.
  public enum ExternalData: Hashable, Sendable {
    /// Only where the model would otherwise reach protobuf's limit of 2 GiB.
    case asNeeded
    /// Always.
    case always
    /// Never: a model that is too large is refused.
    case never
  }

  /// What to write and how.
  public struct Options: Hashable, Sendable {
    /// The version of ai.onnx to declare: that in which the graph is written. nil takes the graph
    /// as one of the canonical opset and declares the lowest version, from 21 on, in which it means
    /// the same, since runtimes implement the newest versions last.
    public var opset: Int?
    /// Whether weights go into a file beside the model.
    public var externalData: ExternalData
    /// Every external weight's offset is a multiple of this many bytes, at least 1.
    public var alignment: Int
    /// How the files are put into place.
    public var policy: OutputPolicy
    /// Who made the model, for `producer_name` and `producer_version`.
    public var producer: (name: String, version: String) {
      get { (producerName, producerVersion) }
      set { (producerName, producerVersion) = newValue }
    }

    private var producerName = "imgconv"
    private var producerVersion = ""

    /// Options for a graph in that opset.
    public init(
      opset: Int? = nil, externalData: ExternalData = .asNeeded,
      alignment: Int = 4096, policy: OutputPolicy = OutputPolicy()
    ) {
      self.opset = opset
      self.externalData = externalData
      self.alignment = alignment
      self.policy = policy
    }
  }

  /// How many bytes are read and written at once.
  static let chunkByteCount = 4 << 20

  /// Writes one graph of `component` to `path`.
  ///
  /// - Parameters:
  ///   - component: its weights and metadata go along.
  ///   - graphIndex: which of its graphs.
  ///   - path: where the model appears, whole or not at all.
  ///   - options: what to declare, and how to write.
  ///   - inputs: files that must not be overwritten, because they are being read.
  /// - Returns: the paths written: the model's, and the data file's where there is one.
  /// - Throws: `ONNXError`; an error of the weights' source as it is.
  @discardableResult
  public static func write(
    _ component: Component, graphIndex: Int = 0, to path: String, options: Options = Options(),
    inputs: [InputFile] = []
  ) throws -> [String] {
    guard component.graphs.indices.contains(graphIndex) else {
      throw ONNXError.unwritable(
        ONNXPlace(file: path),
        reason: "\(component.label) has no graph, which an ONNX model must have")
    }
    let plan = try ModelEncoder(path: path, options: options)
      .plan(component.graphs[graphIndex], component)
    return try ModelFiles(path: path, options: options, inputs: inputs)
      .write(plan.message, plan.external, component.weights)
  }
}
