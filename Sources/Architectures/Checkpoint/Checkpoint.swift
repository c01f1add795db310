import FileIO
import Tensors

/// A checkpoint's tensors as an architecture takes them: by name, with the shape that the
/// configuration demands.
///
/// Whatever is missing, left over or of another shape is collected and reported together. Not for
/// several threads.
public final class Checkpoint {
  /// The checkpoint's path, for messages.
  public let file: String
  /// The class that the tensors are taken for, for messages.
  public let className: String
  private let tensors: [TensorInfo]
  private let indices: [ByteString: Int]
  private var used: Set<Int> = []
  private var problems: [TensorProblem] = []
  private var reported: Set<ByteString> = []

  /// How many problems are collected before building stops; a configuration of another model than
  /// the checkpoint's gives as many as there are tensors.
  private static let maximumProblems = 10_000

  /// A view of `tensors`.
  public init(_ tensors: [TensorInfo], file: String, className: String) {
    self.tensors = tensors
    self.file = file
    self.className = className
    indices = Dictionary(
      tensors.enumerated().map { (ByteString($1.name), $0) },
      uniquingKeysWith: { first, _ in first })
  }
}

extension Checkpoint {
  /// Whether there is a tensor of that name; it does not count as used.
  public func has(_ name: String) -> Bool { indices[ByteString(name)] != nil }

  /// The type of the tensor called `name`, which counts as used; fp32 where the tensor is noted as
  /// missing or of another shape.
  ///
  /// - Throws: `ArchitectureError.tensors` after `maximumProblems`.
  public func use(_ name: String, _ dimensions: [Int]) throws(ArchitectureError) -> DType {
    let shape = dimensions.description
    guard let index = indices[ByteString(name)] else {
      try note(name, expected: "a tensor of \(shape)", found: "nothing")
      return .float32
    }
    used.insert(index)
    let info = tensors[index]
    guard info.shape.dimensions == dimensions else {
      try note(name, expected: shape, found: "\(info.shape)")
      return .float32
    }
    guard [.float32, .float16, .bfloat16, .float64].contains(info.dtype) else {
      try note(
        name, expected: "float32, float16, bfloat16 or float64", found: info.dtype.name)
      return .float32
    }
    return info.dtype
  }

  /// Lets a tensor called `name` be left over: a buffer that some versions of a library store.
  public func allow(_ name: String) {
    if let index = indices[ByteString(name)] { used.insert(index) }
  }

  /// Reports all problems, tensors that nothing used among them.
  ///
  /// - Throws: `ArchitectureError.tensors`.
  public func requireAllUsed() throws(ArchitectureError) {
    for index in tensors.indices where !used.contains(index) {
      problems.append(
        TensorProblem(
          name: tensors[index].name, expected: "no such tensor",
          found: "\(tensors[index].dtype.name) \(tensors[index].shape)"))
    }
    if !problems.isEmpty {
      throw .tensors(file: file, className: className, problems: problems)
    }
  }

  private func note(
    _ name: String, expected: String, found: String
  ) throws(ArchitectureError) {
    guard reported.insert(ByteString(name)).inserted else { return }
    problems.append(TensorProblem(name: name, expected: expected, found: found))
    if problems.count > Self.maximumProblems {
      throw .tensors(file: file, className: className, problems: problems)
    }
  }
}
