import Tensors

/// Trained weights with AdamW's moments.
public struct OptimizedState: Sendable {
  /// The weights' names.
  public var names: [String]
  /// The weights, in the names' order.
  public var parameters: [Tensor]
  /// AdamW's means of the gradients.
  public var means: [Tensor]
  /// AdamW's means of their squares.
  public var squares: [Tensor]
}

extension OptimizedState {
  private static let kinds = ["parameter", "mean", "square"]

  /// The tensors as a checkpoint names them: `PREFIXparameter.NAME`, `PREFIXmean.NAME`,
  /// `PREFIXsquare.NAME`.
  func tensors(prefix: String) -> [(name: String, tensor: Tensor)] {
    zip(Self.kinds, [parameters, means, squares]).flatMap { kind, tensors in
      zip(names, tensors).map { ("\(prefix)\(kind).\($0)", $1) }
    }
  }

  /// The state of the weights `names` out of a checkpoint's tensors.
  ///
  /// - Throws: `DistillationError.tensor` for one that is missing, or what the source throws.
  init(names: [String], prefix: String, from source: any TensorSource) throws {
    let lists = try Self.kinds.map { try source.tensors("\(prefix)\($0)", names) }
    self.init(names: names, parameters: lists[0], means: lists[1], squares: lists[2])
  }

  /// Checks that all tensors are like `parameters` of the weights `expected`.
  func check(names expected: [String], parameters: [Tensor]) throws(DistillationError) {
    guard names == expected else {
      throw .otherRun(expected: "\(expected.count) weights", found: "\(names.count)")
    }
    for list in [self.parameters, means, squares] { try list.check(names, like: parameters) }
  }
}

extension TensorSource {
  /// The tensors `KIND.NAME` of `names`.
  ///
  /// - Throws: `DistillationError.tensor` for one that is missing, or what the source throws.
  func tensors(_ kind: String, _ names: [String]) throws -> [Tensor] {
    try names.map { name in
      guard let index = index(of: "\(kind).\(name)") else {
        throw DistillationError.tensor(
          name: "\(kind).\(name)", expected: "a tensor of the checkpoint", found: "none")
      }
      return try tensor(index)
    }
  }
}

extension [Tensor] {
  /// Checks that the tensors, called `names`, have the type and the shapes of `parameters`.
  func check(_ names: [String], like parameters: [Tensor]) throws(DistillationError) {
    for (index, tensor) in enumerated()
    where tensor.shape != parameters[index].shape || tensor.dtype != .float32 {
      throw .tensor(
        name: names[index], expected: "float32 \(parameters[index].shape)",
        found: "\(tensor.dtype.name) \(tensor.shape)")
    }
  }
}
