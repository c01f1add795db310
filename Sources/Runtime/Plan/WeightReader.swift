import FileIO
import ModelGraph
import Tensors

/// Reads a component's weights by name.
struct WeightReader: Sendable {
  private let source: any TensorSource
  private let indices: [ByteString: Int]

  init(_ source: any TensorSource) {
    self.source = source
    indices = Dictionary(
      source.tensors.enumerated().map { (ByteString($1.name), $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// The elements of `initializer`, read now where they are in the weights.
  ///
  /// - Throws: `RuntimeError.weight` where the tensor is missing or of another type or shape, or
  ///   the source's error.
  func tensor(_ initializer: Initializer, graph: String) throws -> Tensor {
    switch initializer.storage {
    case .inline(let tensor): return tensor
    case .weight(let name):
      let expected = "\(initializer.dtype.name) \(initializer.shape)"
      guard let index = indices[ByteString(name)] else {
        throw RuntimeError.weight(
          graph: graph, name: name, expected: expected, found: "no tensor of that name")
      }
      let info = source.tensors[index]
      guard info.dtype == initializer.dtype, info.shape == initializer.shape else {
        throw RuntimeError.weight(
          graph: graph, name: name, expected: expected,
          found: "\(info.dtype.name) \(info.shape)")
      }
      return try source.tensor(index)
    }
  }
}
