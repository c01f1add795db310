import ModelGraph
import Tensors

/// What happens to one tensor, and why.
public struct TensorDecision: Hashable, Sendable {
  /// The component's label.
  public var component: String
  /// The tensor as it is.
  public var tensor: TensorInfo
  /// What it becomes.
  public var scheme: WeightScheme
  /// Why: the rule, or the reason to keep it.
  public var reason: String
  /// The granularity of an integer scheme, with the tensor's own axes.
  public var granularity: Granularity?

  /// A decision.
  public init(
    component: String, tensor: TensorInfo, scheme: WeightScheme, reason: String,
    granularity: Granularity? = nil
  ) {
    self.component = component
    self.tensor = tensor
    self.scheme = scheme
    self.reason = reason
    self.granularity = granularity
  }
}

/// How far a stored weight is from the original.
public struct WeightDeviation: Hashable, Sendable {
  /// The largest absolute difference.
  public var maximumError: Double
  /// The root of the sum of squared differences over the root of the sum of squares; 0 where the
  /// original is all zeros and nothing differs.
  public var relativeL2: Double
  /// How many non-zero elements became zero.
  public var underflowCount: Int
  /// How many elements were cut to the type's range.
  public var saturatedCount: Int

  /// No deviation.
  public static let none = WeightDeviation(
    maximumError: 0, relativeL2: 0, underflowCount: 0, saturatedCount: 0)
}

/// One tensor's line in the account of a quantization.
public struct TensorAccount: Sendable {
  /// What was decided.
  public var decision: TensorDecision
  /// The bytes that the elements take before, and after with scales and zero points.
  public var bytesBefore: Int
  /// The bytes after, scales and zero points included.
  public var bytesAfter: Int
  /// How far the result is from the original.
  public var deviation: WeightDeviation
}
