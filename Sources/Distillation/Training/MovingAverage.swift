import Kernels
import Tensors

/// An exponential moving average of weights: a ← d a + (1 − d) θ.
public struct MovingAverage: Sendable {
  private let decay: Float
  /// The average of each parameter.
  public private(set) var values: [Tensor]

  /// An average that starts as `values`.
  public init(decay: Float, _ values: [Tensor]) {
    self.decay = decay
    self.values = values
  }

  /// Takes `parameters` into the average.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  public mutating func add(_ parameters: [Tensor]) throws(TensorError) {
    let decay = decay
    for index in parameters.indices {
      let result = try Tensor(uninitialized: .float32, parameters[index].shape)
      let (old, new) = (
        values[index].pointer(as: Float.self), parameters[index].pointer(as: Float.self)
      )
      let target = result.mutablePointer(as: Float.self)
      Parallel.forEach(count: result.elementCount, grain: 16_384) { range in
        for place in range { target[place] = decay * old[place] + (1 - decay) * new[place] }
      }
      withExtendedLifetime((values[index], parameters[index])) {}
      values[index] = result
    }
  }
}
