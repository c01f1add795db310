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
  public static let standard = ArchitectureRegistry(denoisers + autoencoders + textEncoders)

  /// The names of all classes, sorted.
  public var classNames: [String] { classes.keys.sorted() }

  /// The class that a configuration is for: `_class_name` (diffusers), or the first of
  /// `architectures` (transformers); nil where it says neither.
  public static func className(of configuration: JSONValue) -> String? {
    configuration["_class_name"]?.string ?? configuration["architectures"]?.elements?.first?.string
  }

  /// The graphs that a configuration describes over the tensors of a checkpoint.
  ///
  /// - Parameters:
  ///   - configuration: the bytes of `config.json`.
  ///   - file: its path, for messages.
  ///   - weights: the checkpoint; only descriptions are looked at.
  ///   - weightsFile: the checkpoint's path, for messages.
  /// - Throws: `ArchitectureError`; every unread key and every misfit tensor is named.
  public func graphs(
    configuration: [UInt8], file: String, weights: any TensorSource, weightsFile: String
  ) throws(ArchitectureError) -> [Graph] {
    let reader = try ConfigurationReader(configuration, file: file)
    let name = Self.className(of: reader.document) ?? ""
    guard let type = classes[name] else {
      throw .unknownClass(file: file, name: name.isEmpty ? "nothing" : name, known: classNames)
    }
    let architecture = try type.init(reader)
    try reader.requireAllRead(className: name, inert: type.inertKeys)
    let checkpoint = Checkpoint(weights.tensors, file: weightsFile, className: name)
    let graphs = try architecture.graphs(checkpoint)
    try checkpoint.requireAllUsed()
    return graphs
  }
}
