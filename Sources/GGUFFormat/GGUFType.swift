import Tensors

/// How a tensor's elements are stored in a GGUF file (`ggml_type`).
public enum GGUFType: UInt32, Sendable {
  case float32 = 0
  case float16 = 1
  /// Blocks of 32 integers of 8 bits along the last axis, each with an fp16 scale.
  case q80 = 8
  case int8 = 24
  case int16 = 25
  case int32 = 26
  case int64 = 27
  case float64 = 28
  case bfloat16 = 30

  /// The elements of a block.
  public var blockSize: Int { self == .q80 ? 32 : 1 }

  /// The bytes of a block.
  public var blockByteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .q80: 34
    case .int8: 1
    case .int64, .float64: 8
    }
  }

  /// The type that stores elements of `dtype` as they are; nil where there is none.
  public init?(storing dtype: DType) {
    switch dtype {
    case .float32: self = .float32
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .float64: self = .float64
    case .int8: self = .int8
    case .int16: self = .int16
    case .int32: self = .int32
    case .int64: self = .int64
    default: return nil
    }
  }
}
