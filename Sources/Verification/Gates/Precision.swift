import ModelGraph
import Tensors

/// The coarsest numbers that a model's weights are stored in, finest first.
public enum Precision: Int, Comparable, Hashable, Sendable {
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

extension Precision: CaseIterable, Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let name = try container.decode(String.self)
    guard let precision = Self.allCases.first(where: { $0.description == name }) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected a precision, found \(name)")
    }
    self = precision
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
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
