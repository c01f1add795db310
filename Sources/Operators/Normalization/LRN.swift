import Kernels
import ModelGraph
import Tensors

/// `LRN` (ai.onnx 1, 13): x / (bias + alpha / size · Σ x²)^beta, the sum over `size` neighbouring
/// channels of `X [N, C, D…]` (Krizhevsky et al. 2012).
struct LRNOperator: RealOperator {
  static let opType = "LRN"

  private let size: Int
  private let alpha: Float
  private let beta: Float
  private let bias: Float

  init(_ attributes: inout AttributeReader) throws {
    size = try attributes.int("size")
    alpha = try attributes.float("alpha", default: 1e-4)
    beta = try attributes.float("beta", default: 0.75)
    bias = try attributes.float("bias", default: 1)
    guard size >= 1 else {
      throw OperatorError.attribute("size", expected: "a positive number", found: "\(size)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "X")]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    guard input.shape.rank >= 2 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: input.shape)
    }
    let channels = input.shape[1]
    let pixels = input.shape.elementCount(of: 2..<input.shape.rank)
    let output = try context.allocate(input.dtype, input.shape)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let before = (size - 1) / 2
    let after = size - 1 - before
    Parallel.forEachIndex(count: input.shape[0] * channels) { plane in
      let channel = plane % channels
      let image = source + (plane - channel) * pixels
      let neighbours = max(0, channel - before)...(channel + min(after, channels - 1 - channel))
      for pixel in 0..<pixels {
        var squares: Real = 0
        for other in neighbours {
          let value = image[other * pixels + pixel]
          squares += value * value
        }
        let base = Real(bias) + Real(alpha) / Real(size) * squares
        target[plane * pixels + pixel] =
          source[plane * pixels + pixel] / Real.pow(base, Real(beta))
      }
    }
    return [output]
  }
}
