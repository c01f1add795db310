import Kernels
import ModelGraph
import Tensors

/// The function that a fused operator applies to its result: attribute `activation`, an operator's
/// name or empty, with `alpha` and `beta` where it takes them.
struct FusedActivation: Sendable {
  /// The kernel's function; nil for none.
  let function: ElementwiseFunction?

  /// No function.
  static func none() -> FusedActivation { FusedActivation(function: nil) }

  private init(function: ElementwiseFunction?) { self.function = function }

  init(_ attributes: inout AttributeReader) throws {
    let name = try attributes.string("activation", default: "")
    let alpha = try attributes.float("activation_alpha", default: 0)
    let beta = try attributes.float("activation_beta", default: 0)
    switch name {
    case "": function = nil
    case "Relu": function = .relu
    case "Swish": function = .silu
    case "Gelu": function = .gelu
    case "GeluTanh": function = .geluTanh
    case "Sigmoid": function = .sigmoid
    case "Tanh": function = .tanh
    case "LeakyRelu": function = .leakyRelu(alpha: alpha)
    case "HardSigmoid": function = .hardSigmoid(alpha: alpha, beta: beta)
    case "HardSwish": function = .hardSwish(alpha: 1 / 6, beta: 0.5)
    case "Clip": function = .clip(low: alpha, high: beta)
    default:
      throw OperatorError.attribute(
        "activation", expected: "a function that is fused", found: "\"\(name)\"")
    }
  }

  /// Applies the function to `tensor`, which holds fp32, in place.
  func apply(to tensor: Tensor) {
    guard let function else { return }
    VectorMath.apply(
      function, tensor.pointer(), tensor.mutablePointer(), count: tensor.elementCount)
  }
}
