import ModelGraph
import Tensors

extension Gate {
  /// The gate that applies where the user sets none: it follows from the coarsest type among the
  /// candidate's weights that the reference does not have. Evidence: `formats/metrics.md`.
  public static func standard(for precision: Precision) -> Gate {
    switch precision {
    case .exact: Gate(minimumPSNR: 100)
    case .float16: Gate(minimumPSNR: 55, minimumCosine: 0.9999)
    case .bfloat16: Gate(minimumPSNR: 38, minimumCosine: 0.999)
    case .int8: Gate(minimumPSNR: 30, minimumCosine: 0.99)
    case .int4: Gate(minimumPSNR: 20, minimumCosine: 0.95)
    }
  }
}

/// The coarsest numbers that a model's weights are stored in, finest first.
public enum Precision: Int, Comparable, Sendable {
  case exact
  case float16
  case bfloat16
  case int8
  case int4

  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// The coarsest precision that `candidate` has beyond what `reference` has.
  public init(candidate: Component, reference: Component) {
    let before = Precision(coarsestOf: reference)
    let after = Precision(coarsestOf: candidate)
    self = after > before ? after : .exact
  }

  private init(coarsestOf component: Component) {
    var coarsest = Precision.exact
    for tensor in component.weights.tensors where tensor.shape.elementCount > 0 {
      let quantized = component.quantization[tensor.name] != nil
      switch tensor.dtype {
      case .float16: coarsest = max(coarsest, .float16)
      case .bfloat16: coarsest = max(coarsest, .bfloat16)
      case .int8,
        .uint8 where quantized:
        coarsest = max(coarsest, .int8)
      case .int4,
        .uint4 where quantized:
        coarsest = max(coarsest, .int4)
      default: break
      }
    }
    self = coarsest
  }
}

extension Precision: CustomStringConvertible {
  /// The name used in reports.
  public var description: String {
    switch self {
    case .exact: "exact"
    case .float16: "fp16"
    case .bfloat16: "bf16"
    case .int8: "int8"
    case .int4: "int4"
    }
  }
}
