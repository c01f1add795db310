import FileIO
import Synchronization

/// Keeps converted integer weights, for models that are put together many times.
final class ConvertedStore: Sendable {
  private let weights = Mutex<[ByteString: ConvertedWeight]>([:])

  /// The weight converted by an earlier, equal decision.
  func weight(_ decision: TensorDecision) -> ConvertedWeight? {
    guard decision.isInteger else { return nil }
    return weights.withLock { $0[ByteString(decision.tensor.name)] }
  }

  /// Keeps an integer weight.
  func keep(_ weight: ConvertedWeight, _ decision: TensorDecision) {
    guard decision.isInteger else { return }
    weights.withLock { $0[ByteString(decision.tensor.name)] = weight }
  }
}
