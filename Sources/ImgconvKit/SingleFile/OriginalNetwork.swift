import FileIO

/// A network of a checkpoint in the original layout: its diffusers configuration and its tensors
/// under diffusers' names.
struct OriginalNetwork {
  /// The component's name.
  var name: String
  /// The configuration as `config.json` has it.
  var configuration: JSONValue
  /// The tensors. Those without a place keep their own names, so that they are refused by them.
  var views: [TensorView]
}
