import ModelGraph
import Tensors

/// How a weight is stored in the artifact.
public enum WeightScheme: Hashable, Sendable {
  /// As it is.
  case keep
  /// Converted to a floating-point type with one rounding to nearest even.
  case float(DType)
  /// Integers with scales: real = scale · (q − zeroPoint), as ONNX's DequantizeLinear has it.
  case integer(IntegerScheme)
}

/// The parameters of integer quantization.
public struct IntegerScheme: Hashable, Sendable {
  /// Over which elements one scale holds, before a tensor's own axes are known.
  public enum ScaleSharing: Hashable, Sendable {
    /// One scale a tensor.
    case tensor
    /// One scale for each output channel.
    case channel
    /// One scale for each run of so many elements along the axis that is summed over.
    case group(Int)
  }

  /// `int8` or `int4`.
  public var dtype: DType
  /// Over which elements one scale holds.
  public var sharing: ScaleSharing
  /// Whether the integers are centred on zero and −128 (−8) never occurs.
  public var isSymmetric: Bool

  /// Describes a scheme.
  public init(dtype: DType = .int8, sharing: ScaleSharing = .channel, isSymmetric: Bool = true) {
    self.dtype = dtype
    self.sharing = sharing
    self.isSymmetric = isSymmetric
  }

  /// The largest integer used.
  public var maximum: Int { (1 << (dtype.bitWidth - 1)) - 1 }

  /// The smallest integer used.
  public var minimum: Int { isSymmetric ? -maximum : -maximum - 1 }
}

extension WeightScheme: CustomStringConvertible {
  /// The name used in tables and recipes: `keep`, `fp16`, `int8 channel`, `int4 group:64`.
  public var description: String {
    switch self {
    case .keep: "keep"
    case .float(.float16): "fp16"
    case .float(.bfloat16): "bf16"
    case .float(.float32): "fp32"
    case .float(let dtype): dtype.name
    case .integer(let scheme):
      "\(scheme.dtype.name) \(scheme.sharing)\(scheme.isSymmetric ? "" : " asymmetric")"
    }
  }
}

extension IntegerScheme.ScaleSharing: CustomStringConvertible {
  /// The name used in options and recipes: `tensor`, `channel`, `group:64`.
  public var description: String {
    switch self {
    case .tensor: "tensor"
    case .channel: "channel"
    case .group(let size): "group:\(size)"
    }
  }

  /// The sharing of that name; nil for a name that means none, or a group of fewer than 2.
  public init?(name: String) {
    switch name {
    case "tensor": self = .tensor
    case "channel": self = .channel
    default:
      guard name.hasPrefix("group:"), let size = Int(name.dropFirst(6)), size >= 2 else {
        return nil
      }
      self = .group(size)
    }
  }
}
