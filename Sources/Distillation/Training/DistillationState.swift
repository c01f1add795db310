import Tensors

/// A training between two iterations (`formats/distillation.md`).
public struct DistillationState: Sendable {
  /// How many iterations are done.
  public var iteration: Int
  /// The student's trained weights with their moments.
  public var student: OptimizedState
  /// The moving averages of the student's weights.
  public var averages: [Tensor]
  /// The discriminator's heads; nil for a training without.
  public var discriminator: OptimizedState?
}

extension DistillationState {
  private static let discriminatorPrefix = "discriminator-"

  /// The tensors by the names that a checkpoint gives them.
  public var tensors: [(name: String, tensor: Tensor)] {
    student.tensors(prefix: "")
      + zip(student.names, averages).map { ("average.\($0)", $1) }
      + (discriminator?.tensors(prefix: Self.discriminatorPrefix) ?? [])
  }

  /// The state after `iteration` iterations out of a checkpoint's tensors, of the weights that
  /// `current` has.
  ///
  /// - Throws: `DistillationError.tensor` for one that is missing or unlike the current one, or what
  ///   the source throws.
  public init(
    iteration: Int, like current: DistillationState, from source: any TensorSource
  ) throws {
    self.iteration = iteration
    let names = current.student.names
    student = try OptimizedState(names: names, prefix: "", from: source)
    averages = try source.tensors("average", names)
    discriminator = try current.discriminator.map {
      try OptimizedState(names: $0.names, prefix: Self.discriminatorPrefix, from: source)
    }
    try check(like: current)
  }

  private func check(like current: DistillationState) throws {
    let (names, parameters) = (current.student.names, current.student.parameters)
    try student.check(names: names, parameters: parameters)
    try averages.check(names, like: parameters)
    if let own = current.discriminator {
      try discriminator?.check(names: own.names, parameters: own.parameters)
    }
  }
}
