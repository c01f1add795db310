import ModelGraph
import Tensors

/// The negative log likelihood of labels: what NegativeLogLikelihoodLoss and
/// SoftmaxCrossEntropyLoss share.
struct ClassLoss: Sendable {
  enum Reduction: String, CaseIterable, Sendable {
    case none, sum, mean
  }

  let reduction: Reduction
  let ignored: Int?

  /// Reads `reduction` and `ignore_index`.
  init(_ attributes: inout AttributeReader) throws {
    reduction = try attributes.choice("reduction", default: .mean)
    ignored = try attributes.optionalInt("ignore_index")
  }

  /// The loss's type for labels of type `labels`.
  func infer(_ scores: TensorType, _ labels: TensorType) -> TensorType {
    reduction == .none ? labels.with(scores.dtype) : .scalar(scores.dtype)
  }

  /// The loss of log probabilities `[N, C, D…]` at the labels of input 1, `[N, D…]`, weighted by
  /// input 2, `[C]`.
  ///
  /// Labels equal to `ignore_index` weigh nothing. The mean divides by the sum of the weights.
  ///
  /// - Throws: `OperatorError.inputValue` for a label that is not a class.
  func run<Real: RealElement>(
    _ logarithms: Tensor, _ context: ExecutionContext, as type: Real.Type
  ) throws -> Tensor {
    let shape = logarithms.shape
    guard shape.rank >= 2 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: shape)
    }
    let expected = try Shape(checking: [shape[0]] + shape.dimensions[2...])
    guard try context.input(1, "labels").shape == expected else {
      throw OperatorError.inputShape(
        index: 1, expected: "\(expected)", found: try context.input(1, "labels").shape)
    }
    let labels = try context.integers(1, "labels")
    let classes = shape[1]
    let weights = try context.optionalInput(2, of: Real.dtype, [classes])?.pointer(as: Real.self)
    let output = try context.allocate(Real.dtype, reduction == .none ? expected : .scalar)
    let source = logarithms.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let pixels = shape.elementCount(of: 2..<shape.rank)
    var total = 0.0
    var totalWeight = 0.0
    for (position, label) in labels.enumerated() {
      var loss: Real = 0
      if label != ignored {
        guard (0..<classes).contains(label) else {
          throw OperatorError.inputValue(
            index: 1, expected: "classes below \(classes)", found: "\(label)")
        }
        let weight = weights?[label] ?? 1
        let (image, pixel) = position.quotientAndRemainder(dividingBy: pixels)
        loss = -source[(image * classes + label) * pixels + pixel] * weight
        totalWeight += Double(weight)
      }
      total += Double(loss)
      if reduction == .none { target[position] = loss }
    }
    switch reduction {
    case .none: break
    case .sum: target[0] = Real(total)
    case .mean: target[0] = Real(total / totalWeight)
    }
    return output
  }
}
