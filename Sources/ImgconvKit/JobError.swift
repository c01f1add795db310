import FileIO
import Tensors

/// A request that a command cannot carry out.
public enum JobError: Error, Equatable, Sendable {
  /// The file is none of the formats read.
  case unknownFormat(path: String, found: String)
  /// A folder, or a file in it, is not what diffusers saves.
  case folder(path: String, expected: String, found: String)
  /// A command that needs a graph got weights alone.
  case noGraph(path: String, command: String)
  /// Several graphs could be meant.
  case ambiguousGraph(path: String, found: [String])
  /// No component has that name.
  case noComponent(path: String, name: String, found: [String])
  /// No tensor has that name.
  case noTensor(path: String, name: String)
  /// Two sources give components of one name and role.
  case duplicateComponent(name: String, first: String, second: String)
  /// Two sources give files of one name with different content.
  case duplicateFile(name: String, source: String)
  /// A file of inputs does not give what the graph takes.
  case inputFile(path: String, reason: String)
  /// More or fewer files are given by order than the graph has inputs or outputs.
  case fileCount(what: String, expected: Int, found: Int)
  /// An option's value is not one of those possible.
  case option(name: String, expected: String, found: String)
  /// A LoRA file has tensors that belong nowhere or do not fit.
  case lora(path: String, name: String, expected: String, found: String)
  /// A checkpoint in the original layout has tensors that fit nowhere.
  case layout(name: String, expected: String, found: String)
  /// An image cannot be made.
  case image(reason: String)
  /// The file's digest is not the one demanded.
  case digest(path: String, expected: String, found: String)

  /// The model was not quantized by a recipe.
  case noRecipe(path: String)

  /// What a run that meets this ends with.
  public var exitStatus: ExitStatus {
    switch self {
    case .option: .usage
    default: .badInput
    }
  }
}

extension JobError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownFormat(let path, let found):
      "\(path.escapedForDisplay): expected safetensors, a shard index, ONNX or imgc, found \(found)"
    case .folder(let path, let expected, let found):
      "\(path.escapedForDisplay): expected \(expected), found \(found)"
    case .noGraph(let path, let command):
      "\(path.escapedForDisplay): holds weights without a graph; \(command) needs a graph"
    case .ambiguousGraph(let path, let found):
      "\(path.escapedForDisplay): several graphs could be meant; name one with --component: "
        + Self.list(found)
    case .noComponent(let path, let name, let found):
      "\(path.escapedForDisplay): no component is called \(name.escapedForDisplay); "
        + "there are \(Self.list(found))"
    case .noTensor(let path, let name):
      "\(path.escapedForDisplay): no tensor is called \(name.escapedForDisplay(limit: 300))"
    case .duplicateComponent(let name, let first, let second):
      "\(first.escapedForDisplay) and \(second.escapedForDisplay) both give the component "
        + "\(name.escapedForDisplay); tell them apart with --role or --component"
    case .duplicateFile(let name, let source):
      "\(source.escapedForDisplay): \(name.escapedForDisplay): another source gives other content; "
        + "tell the sources apart with --role"
    case .inputFile(let path, let reason):
      "\(path.escapedForDisplay): \(reason)"
    case .fileCount(let what, let expected, let found):
      "expected \(expected) files of \(what), found \(found)"
    case .option(let name, let expected, let found):
      "\(name): expected \(expected), found \"\(found.escapedForDisplay)\""
    case .lora(let path, let name, let expected, let found):
      "\(path.escapedForDisplay): \(name): expected \(expected), found \(found)"
    case .layout(let name, let expected, let found):
      "\(name.escapedForDisplay(limit: 2000)): expected \(expected), found \(found)"
    case .image(let reason): reason
    case .noRecipe(let path):
      "\(path.escapedForDisplay): expected a quantized model, found one without a recipe"
    case .digest(let path, let expected, let found):
      "\(path.escapedForDisplay): content digest: expected \(expected), found \(found)"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.map { $0.escapedForDisplay(limit: 100) }.joined(separator: ", ")
  }
}
