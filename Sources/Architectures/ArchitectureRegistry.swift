import FileIO
import ModelGraph
import Tensors

/// The network classes that graphs can be built for.
public struct ArchitectureRegistry: Sendable {
  private let classes: [String: any Architecture.Type]

  /// A registry of `architectures`.
  public init(_ architectures: [any Architecture.Type]) {
    classes = Dictionary(
      architectures.map { ($0.className, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// All classes of the project.
  public static let standard = ArchitectureRegistry(
    denoisers + transformers + autoencoders + textEncoders)

  /// The names of all classes, sorted.
  public var classNames: [String] { classes.keys.sorted() }

  /// The class that a configuration is for: `_class_name` (diffusers), or the first of
  /// `architectures` (transformers); nil where it says neither.
  ///
  /// - Throws: `ArchitectureError.notConfiguration`.
  public func className(
    of configuration: [UInt8], file: String
  ) throws(ArchitectureError) -> String? {
    Self.className(of: try ConfigurationReader(configuration, file: file).document)
  }

  private static func className(of document: JSONValue) -> String? {
    document["_class_name"]?.string ?? document["architectures"]?.elements?.first?.string
  }

  /// The graphs that a configuration describes over the tensors of a checkpoint.
  ///
  /// - Parameters:
  ///   - configuration: the bytes of `config.json`.
  ///   - file: its path, for messages.
  ///   - className: the class that a pipeline names; nil for the configuration's own.
  ///   - weights: the checkpoint; only descriptions are looked at.
  ///   - weightsFile: the checkpoint's path, for messages.
  /// - Throws: `ArchitectureError`; every unread key and every misfit tensor is named.
  public func graphs(
    configuration: [UInt8], file: String, className: String? = nil, weights: any TensorSource,
    weightsFile: String
  ) throws(ArchitectureError) -> [Graph] {
    let reader = try ConfigurationReader(configuration, file: file)
    let name = className ?? Self.className(of: reader.document) ?? "nothing"
    guard let type = classes[name] else {
      throw .unknownClass(file: file, name: name, known: classNames)
    }
    // What names the class in a transformers configuration, beside `_class_name`.
    _ = reader.raw("architectures")
    let architecture = try type.init(reader)
    try reader.requireAllRead(className: name, inert: type.inertKeys)
    let checkpoint = Checkpoint(weights.tensors, file: weightsFile, className: name)
    let graphs = try architecture.graphs(checkpoint)
    try checkpoint.requireAllUsed()
    return graphs
  }
}
