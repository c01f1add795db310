import Tensors

/// The hinge losses of adversarial training (Lim and Ye, arXiv 1705.02894, equations 8 and 9), each
/// head's logits averaged over images and places, the heads averaged.
package enum HingeLoss {
  /// What a loss makes of one logit: its value and slope.
  package typealias Term = (_ logit: Float) -> (value: Float, slope: Float)

  /// max(0, 1 − D) for real images.
  package static func real(_ logit: Float) -> (value: Float, slope: Float) {
    logit < 1 ? (1 - logit, -1) : (0, 0)
  }

  /// max(0, 1 + D) for the student's images.
  package static func fake(_ logit: Float) -> (value: Float, slope: Float) {
    logit > -1 ? (1 + logit, 1) : (0, 0)
  }

  /// −D for the student.
  package static func student(_ logit: Float) -> (value: Float, slope: Float) { (-logit, -1) }

  /// The loss of the heads' logits and its gradient with respect to them.
  package static func evaluate(
    _ logits: [String: Tensor], _ term: Term
  ) throws -> (value: Float, gradients: [String: Tensor]) {
    var (sum, gradients) = (0.0, [String: Tensor]())
    for (name, tensor) in logits.sorted(by: { $0.key < $1.key }) {
      let gradient = try Tensor(uninitialized: .float32, tensor.shape)
      let (from, to) = (tensor.pointer(as: Float.self), gradient.mutablePointer(as: Float.self))
      let weight = 1 / Float(max(1, tensor.elementCount * logits.count))
      for index in 0..<tensor.elementCount {
        let (value, slope) = term(from[index])
        sum += Double(value * weight)
        to[index] = slope * weight
      }
      withExtendedLifetime(tensor) {}
      gradients[name] = gradient
    }
    return (Float(sum), gradients)
  }
}
