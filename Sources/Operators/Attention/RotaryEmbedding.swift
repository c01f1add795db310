import Kernels
import ModelGraph
import Tensors

/// `RotaryEmbedding` (ai.onnx 23): turns pairs of each head's elements by an angle that depends on
/// the position (Su et al. 2021).
///
/// X is `[N, heads, length, size]`, or `[N, length, heads · size]` with `num_heads`. The first
/// `rotary_embedding_dim` elements (all where 0) are paired first half with second half, or
/// neighbour with neighbour where `interleaved`. The caches are `[positions, half]` with
/// `position_ids [N, length]`, else `[N, length, half]`.
struct RotaryEmbeddingOperator: RealOperator {
  static let opType = "RotaryEmbedding"

  private let heads: Int?
  private let rotated: Int
  private let isInterleaved: Bool

  init(_ attributes: inout AttributeReader) throws {
    let heads = try attributes.int("num_heads", default: 0)
    self.heads = heads > 0 ? heads : nil
    rotated = try attributes.int("rotary_embedding_dim", default: 0)
    isInterleaved = try attributes.flag("interleaved", default: false)
    guard rotated >= 0, rotated % 2 == 0 else {
      throw OperatorError.attribute(
        "rotary_embedding_dim", expected: "an even number", found: "\(rotated)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try context.type(0, "X")]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let layout = try HeadLayout(input.shape, index: 0, heads: heads, attribute: "num_heads")
    let width = rotated == 0 ? layout.size : rotated
    guard width <= layout.size, width % 2 == 0 else {
      throw OperatorError.inputShape(
        index: 0, expected: "heads of at least \(width) elements, an even number",
        found: input.shape)
    }
    let half = width / 2
    let positions = try context.optionalIntegers(3, "position_ids")
    let cosines = try cache(context, 1, "cos_cache", layout, half, positions, input.dtype)
    let sines = try cache(context, 2, "sin_cache", layout, half, positions, input.dtype)
    let output = try context.allocate(input.dtype, input.shape)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    target.update(from: source, count: input.elementCount)
    let cosine = cosines.pointer(as: Real.self)
    let sine = sines.pointer(as: Real.self)
    Parallel.forEachIndex(count: layout.batch * layout.heads) { index in
      let (image, head) = index.quotientAndRemainder(dividingBy: layout.heads)
      for time in 0..<layout.length {
        let token = image * layout.length + time
        let angle = (positions?[token] ?? token) * half
        let place = layout.start(image: image, head: head) + time * layout.rowStride
        for pair in 0..<half {
          let first = place + (isInterleaved ? 2 * pair : pair)
          let second = isInterleaved ? first + 1 : first + half
          let (c, s) = (cosine[angle + pair], sine[angle + pair])
          target[first] = c * source[first] - s * source[second]
          target[second] = s * source[first] + c * source[second]
        }
      }
    }
    return [output]
  }

  private func cache(
    _ context: ExecutionContext, _ index: Int, _ name: String, _ layout: HeadLayout, _ half: Int,
    _ positions: [Int]?, _ dtype: DType
  ) throws -> Tensor {
    let tensor = try context.input(index, name, dtype)
    guard let positions else {
      guard tensor.shape == [layout.batch, layout.length, half] else {
        throw OperatorError.inputShape(
          index: index, expected: "[\(layout.batch), \(layout.length), \(half)]",
          found: tensor.shape)
      }
      return tensor
    }
    guard tensor.shape.rank == 2, tensor.shape[1] == half else {
      throw OperatorError.inputShape(
        index: index, expected: "[positions, \(half)]", found: tensor.shape)
    }
    guard positions.count == layout.batch * layout.length else {
      throw OperatorError.inputShape(
        index: 3, expected: "[\(layout.batch), \(layout.length)]", found: [positions.count])
    }
    if let stranger = positions.first(where: { $0 < 0 || $0 >= tensor.shape[0] }) {
      throw OperatorError.inputValue(
        index: 3, expected: "positions below \(tensor.shape[0])", found: "\(stranger)")
    }
    return tensor
  }
}
