/// An activation function by the name that configurations give it.
public enum Activation: String, CaseIterable, Sendable {
  /// x · sigmoid(x).
  case silu
  /// The same by its other name.
  case swish
  /// x · tanh(softplus(x)) (Misra 2019).
  case mish
  /// x · Φ(x) (Hendrycks and Gimpel 2016).
  case gelu
  /// The approximation of `gelu` by tanh.
  case geluNew = "gelu_new"
  /// The same by its other name.
  case geluTanh = "gelu_pytorch_tanh"
  /// x · sigmoid(1.702 x).
  case quickGelu = "quick_gelu"
  /// max(x, 0).
  case relu
}

extension NetworkBuilder {
  /// `kind` of every element.
  public func activation(_ kind: Activation, _ x: String) -> String {
    switch kind {
    case .silu, .swish: add("Mul", [x, add("Sigmoid", [x])])
    case .mish: add("Mish", [x])
    case .gelu: add("Gelu", [x], ["approximate": .text("none")])
    case .geluNew, .geluTanh: add("Gelu", [x], ["approximate": .text("tanh")])
    case .quickGelu: add("Mul", [x, add("Sigmoid", [add("Mul", [x, real(1.702)])])])
    case .relu: add("Relu", [x])
    }
  }

  /// x · sigmoid(x), as Sigmoid and Mul: runtimes have those long since, Swish hardly.
  public func silu(_ x: String) -> String { activation(.silu, x) }
}
