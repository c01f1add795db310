import ModelGraph
import Tensors

extension WeightScheme {
  /// The types of weights as options and recipes name them.
  public static let typeNames = ["fp32", "fp16", "bf16", "int8", "int4"]

  /// The scheme of the type called `type`; nil for a name that means none.
  public init?(type: String, sharing: IntegerScheme.ScaleSharing, isSymmetric: Bool) {
    switch type {
    case "fp32": self = .float(.float32)
    case "fp16": self = .float(.float16)
    case "bf16": self = .float(.bfloat16)
    case "int8":
      self = .integer(IntegerScheme(dtype: .int8, sharing: sharing, isSymmetric: isSymmetric))
    case "int4":
      self = .integer(IntegerScheme(dtype: .int4, sharing: sharing, isSymmetric: isSymmetric))
    default: return nil
    }
  }

  /// The type's name without granularity and symmetry.
  var typeName: String {
    if case .integer(let scheme) = self { scheme.dtype.name } else { description }
  }
}

extension ActivationScheme {
  /// The kinds of schemes as options and recipes name them.
  public static let kindNames = ["none", "dynamic", "static"]

  /// The scheme of that kind; `fixed` gives a static one's parameters. Nil for another name.
  public init?(kind: String, _ fixed: StaticActivations) {
    switch kind {
    case "none": self = .none
    case "dynamic": self = .dynamic
    case "static": self = .fixed(fixed)
    default: return nil
    }
  }

  /// The name of the kind.
  var kindName: String {
    switch self {
    case .none: "none"
    case .dynamic: "dynamic"
    case .fixed: "static"
    }
  }
}

extension Recipe {
  /// The strength that `name` means, nil for `none`; no value for a text that means neither that nor
  /// a number over 0 and at most 1.
  public static func smoothing(name: String) -> Float?? {
    if name == "none" { return .some(nil) }
    guard let strength = Float(name), strength > 0, strength <= 1 else { return nil }
    return strength
  }
}
