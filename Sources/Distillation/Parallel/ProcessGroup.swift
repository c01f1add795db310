import Tensors

/// Processes that train one student together, each on its part of every batch.
public protocol ProcessGroup {
  /// Which of them this one is, from 0.
  var rank: Int { get }
  /// How many there are.
  var count: Int { get }
  /// Replaces each element of the fp32 tensors by its sum over the processes: the same bits in
  /// all of them. All must call it, in the same order, with tensors of the same shapes.
  func sum(_ tensors: [Tensor]) throws
}

/// This process alone.
public struct SingleProcess: ProcessGroup {
  /// A group of one.
  public init() {}
  /// 0.
  public var rank: Int { 0 }
  /// 1.
  public var count: Int { 1 }
  /// Leaves the tensors as they are.
  public func sum(_ tensors: [Tensor]) {}
}

extension ProcessGroup {
  /// Replaces each element by its mean over the processes.
  func average(_ tensors: [Tensor]) throws {
    guard count > 1 else { return }
    try sum(tensors)
    let share = 1 / Float(count)
    for tensor in tensors {
      let elements = tensor.mutablePointer(as: Float.self)
      for index in 0..<tensor.elementCount { elements[index] *= share }
      withExtendedLifetime(tensor) {}
    }
  }

  /// The numbers' means over the processes.
  func average(_ numbers: [Float]) throws -> [Float] {
    let tensor = try Tensor(numbers)
    try average([tensor])
    return tensor.array(of: Float.self)
  }

  /// This process's elements of what was drawn for the whole batch.
  func share<Element>(of whole: [Element]) -> [Element] {
    let size = whole.count / count
    return Array(whole[(rank * size)..<((rank + 1) * size)])
  }
}
