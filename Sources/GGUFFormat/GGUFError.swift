import FileIO
import Tensors

/// A reason why a model cannot be written as GGUF.
public enum GGUFError: Error, Equatable, Sendable {
  /// A tensor has a type that GGUF lacks.
  case type(file: String, tensor: String, found: DType)
  /// A tensor has more axes than GGUF takes.
  case rank(file: String, tensor: String, limit: Int, found: Shape)
  /// A tensor has no elements, or its name is empty, too long or there twice.
  case tensor(file: String, tensor: String, reason: String)
}

extension GGUFError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .type(let file, let tensor, let found):
      "\(Self.place(file, tensor)): dtype: expected a type that GGUF has, found \(found.name)"
    case .rank(let file, let tensor, let limit, let found):
      "\(Self.place(file, tensor)): shape: expected at most \(limit) axes, found \(found)"
    case .tensor(let file, let tensor, let reason):
      "\(Self.place(file, tensor)): \(reason)"
    }
  }

  private static func place(_ file: String, _ tensor: String) -> String {
    "\(file.escapedForDisplay): tensor \(tensor.escapedForDisplay(limit: 300))"
  }
}
