import Tensors

/// A training between two iterations (`formats/distillation.md`).
public struct DistillationState: Sendable {
  /// How many iterations are done.
  public var iteration: Int
  /// The trained weights' names.
  public var names: [String]
  /// The weights, in the names' order.
  public var parameters: [Tensor]
  /// Their moving averages.
  public var averages: [Tensor]
  /// AdamW's means of the gradients.
  public var means: [Tensor]
  /// AdamW's means of their squares.
  public var squares: [Tensor]

  /// A state of the given parts.
  public init(
    iteration: Int, names: [String], parameters: [Tensor], averages: [Tensor], means: [Tensor],
    squares: [Tensor]
  ) {
    self.iteration = iteration
    self.names = names
    self.parameters = parameters
    self.averages = averages
    self.means = means
    self.squares = squares
  }
}

extension DistillationState {
  private static let kinds = ["parameter", "average", "mean", "square"]

  /// The tensors by the names that a checkpoint gives them: `parameter.NAME`, `average.NAME`,
  /// `mean.NAME`, `square.NAME`.
  public var tensors: [(name: String, tensor: Tensor)] {
    zip(Self.kinds, [parameters, averages, means, squares]).flatMap { kind, tensors in
      zip(names, tensors).map { ("\(kind).\($0)", $1) }
    }
  }

  /// The state after `iteration` iterations out of a checkpoint's tensors.
  ///
  /// - Throws: `DistillationError.tensor` for one that is missing, or what the source throws.
  public init(iteration: Int, names: [String], from source: any TensorSource) throws {
    let lists = try Self.kinds.map { kind in
      try names.map { name in
        guard let index = source.index(of: "\(kind).\(name)") else {
          throw DistillationError.tensor(
            name: "\(kind).\(name)", expected: "a tensor of the checkpoint", found: "none")
        }
        return try source.tensor(index)
      }
    }
    self.init(
      iteration: iteration, names: names, parameters: lists[0], averages: lists[1],
      means: lists[2], squares: lists[3])
  }

  /// Checks that all tensors are like `parameters`.
  func check(names expected: [String], parameters: [Tensor]) throws(DistillationError) {
    guard names == expected else {
      throw .otherRun(expected: "\(expected.count) weights", found: "\(names.count)")
    }
    for list in [self.parameters, averages, means, squares] {
      for (index, tensor) in list.enumerated()
      where tensor.shape != parameters[index].shape || tensor.dtype != .float32 {
        throw .tensor(
          name: names[index], expected: "float32 \(parameters[index].shape)",
          found: "\(tensor.dtype.name) \(tensor.shape)")
      }
    }
  }
}
