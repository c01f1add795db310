import ModelGraph

/// A network class of diffusers or transformers: its configuration in, its graphs out.
///
/// Reading the configuration (`init`) and building (`graphs`) are apart, so that a key that nobody
/// read is refused before any tensor is looked at.
public protocol Architecture: Sendable {
  /// The class's name as `_class_name` or `architectures` gives it.
  static var className: String { get }

  /// Keys that change nothing of what the network computes at inference, such as `dropout`.
  static var inertKeys: Set<String> { get }

  /// Reads every key that the class honours.
  ///
  /// - Throws: `ArchitectureError.missingKey`, `.value`.
  init(_ configuration: ConfigurationReader) throws(ArchitectureError)

  /// The graphs over the tensors of `checkpoint`.
  ///
  /// Missing and misfit tensors are noted in the checkpoint and reported together afterwards.
  ///
  /// - Throws: `ArchitectureError.limit`, or `.tensors` early where there is no end to them.
  func graphs(_ checkpoint: Checkpoint) throws(ArchitectureError) -> [Graph]
}

extension Architecture {
  public static var inertKeys: Set<String> { [] }
}
