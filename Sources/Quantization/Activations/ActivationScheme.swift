import ModelGraph
import Tensors

/// How the activations that weights multiply are quantized.
public enum ActivationScheme: Hashable, Sendable {
  /// Not at all.
  case none
  /// A scale of each run's own range, found as it runs (ONNX DynamicQuantizeLinear: uint8).
  case dynamic
  /// Scales found by calibration (ONNX QuantizeLinear).
  case fixed(StaticActivations)
}

/// The parameters of static activation quantization.
public struct StaticActivations: Hashable, Sendable {
  /// `uint8` or `int8`.
  public var dtype: DType
  /// Whether the zero point is 0 and −127 … 127 are used (int8).
  public var isSymmetric: Bool
  /// How each range is chosen.
  public var range: RangeMethod
  /// Whether each timestep of the trajectory has scales of its own.
  public var isPerStep: Bool

  /// Describes a scheme.
  public init(
    dtype: DType = .uint8, isSymmetric: Bool = false, range: RangeMethod = .minMax,
    isPerStep: Bool = false
  ) {
    self.dtype = dtype
    self.isSymmetric = isSymmetric
    self.range = range
    self.isPerStep = isPerStep
  }

  /// The integers used.
  public var integers: IntegerRange {
    switch (dtype, isSymmetric) {
    case (.int8, true): IntegerRange(lowest: -127, highest: 127, isSymmetric: true)
    case (.int8, false): IntegerRange(lowest: -128, highest: 127, isSymmetric: false)
    default: IntegerRange(lowest: 0, highest: 255, isSymmetric: false)
    }
  }
}

extension ActivationScheme: CustomStringConvertible {
  /// The name used in tables: `none`, `dynamic`, `uint8 static min-max`.
  public var description: String {
    switch self {
    case .none: "none"
    case .dynamic: "uint8 dynamic"
    case .fixed(let scheme):
      "\(scheme.dtype.name) static \(scheme.range)" + (scheme.isSymmetric ? " symmetric" : "")
        + (scheme.isPerStep ? " per step" : "")
    }
  }
}

/// What happens to the activation of one layer, and why.
public struct ActivationDecision: Hashable, Sendable {
  /// The component's label.
  public var component: String
  /// The layer, by its operator and name.
  public var layer: String
  /// The weight it is multiplied by.
  public var weight: String
  /// The value in the graph.
  public var value: String
  /// What it becomes.
  public var scheme: ActivationScheme
  /// Why it is kept; empty where it is quantized by the default.
  public var reason: String
  /// The parameters, one for each step where they differ; empty unless the scheme is static.
  public var parameters: [ScaleParameters] = []
}
