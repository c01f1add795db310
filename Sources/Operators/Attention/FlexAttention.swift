import Kernels
import ModelGraph
import Tensors

/// `FlexAttention` (ai.onnx.preview 1): softmax(score_mod(scale · Q Kᵀ)) V with the probabilities
/// passed through `prob_mod`; both bodies are optional and see `[N, heads, queries, keys]` of type
/// `softmax_precision` (fp32 for fp16 and bf16 unless stated).
struct FlexAttentionOperator: Operator {
  static let opType = "FlexAttention"
  static let domain = "ai.onnx.preview"

  private let modifiesScores: Bool
  private let modifiesProbabilities: Bool
  private let scale: Float?
  private let softmaxType: DType?

  init(_ attributes: inout AttributeReader) throws {
    modifiesScores = attributes.has("score_mod")
    modifiesProbabilities = attributes.has("prob_mod")
    for name in ["score_mod", "prob_mod"] where attributes.has(name) {
      _ = try attributes.graph(name)
    }
    scale = try attributes.optionalFloat("scale")
    softmaxType = try attributes.optionalDType("softmax_precision")
    if let softmaxType, !softmaxType.isReal {
      throw OperatorError.attribute(
        "softmax_precision", expected: "a floating-point type", found: softmaxType.name)
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let query = try context.type(0, "Q")
    guard let q = query.dimensions, let v = try context.type(2, "V").dimensions, q.count == 4,
      v.count == 4
    else { return [.unknown(query.dtype, rank: 4)] }
    return [TensorType(query.dtype, [q[0], q[1], q[2], v[3]])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let dtype = try context.realType(0, "Q")
    let isDouble = dtype == .float64 || softmaxType == .float64
    return try context.computingReals(results: [dtype], inDouble: isDouble) { wide, wider in
      let precision = softmaxType ?? (dtype == .float64 ? .float64 : .float32)
      return wide == .float64
        ? try run(as: Double.self, wider, precision) : try run(as: Float.self, wider, precision)
    }
  }

  private func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext, _ precision: DType
  ) throws -> [Tensor?] {
    let tensors = try ["Q", "K", "V"].enumerated().map {
      try context.input($0, $1, Real.dtype)
    }
    let layouts = try tensors.enumerated().map {
      try HeadLayout($1.shape, index: $0, heads: nil, attribute: "kv_num_heads")
    }
    let (queries, keys, values) = (layouts[0], layouts[1], layouts[2])
    guard queries.batch == keys.batch, keys.batch == values.batch, keys.heads == values.heads,
      keys.length == values.length, queries.size == keys.size, keys.heads > 0,
      queries.heads % keys.heads == 0
    else {
      throw OperatorError.mismatch(
        expected: "Q, K and V of one batch, K and V of as many heads and positions",
        found: tensors.map(\.shape.description).joined(separator: ", "))
    }
    var scores = try context.allocate(
      Real.dtype,
      try Shape(checking: [queries.batch, queries.heads, queries.length, keys.length]))
    let factor = scale.map { Real($0) } ?? 1 / Real(max(queries.size, 1)).squareRoot()
    multiply(
      queries, keys, factor, tensors[0].pointer(as: Real.self), tensors[1].pointer(),
      scores.mutablePointer())
    if modifiesScores {
      scores = try modified(scores, by: "score_mod", context, precision, as: type)
    }
    let probabilities = try context.allocate(Real.dtype, scores.shape)
    softmax(scores, into: probabilities.mutablePointer(as: Real.self))
    let weights =
      modifiesProbabilities
      ? try modified(probabilities, by: "prob_mod", context, precision, as: type) : probabilities
    let output = HeadLayout(
      batch: queries.batch, heads: queries.heads, length: queries.length, size: values.size)
    let result = try context.allocate(Real.dtype, output.shape())
    mix(
      queries, values, weights.pointer(as: Real.self), tensors[2].pointer(),
      result.mutablePointer())
    return [result]
  }
}

extension FlexAttentionOperator {
  private func modified<Real: RealElement>(
    _ tensor: Tensor, by body: String, _ context: ExecutionContext, _ precision: DType,
    as type: Real.Type
  ) throws -> Tensor {
    let given = tensor.dtype == precision ? tensor : try tensor.converted(to: precision)
    let results = try context.runBody(body, [given])
    guard results.count == 1, results[0].dtype == precision, results[0].shape == tensor.shape
    else {
      throw OperatorError.mismatch(
        expected: "\(body) to give one tensor \(tensor.shape) of \(precision.name)",
        found: results.map { "\($0.shape) of \($0.dtype.name)" }.joined(separator: ", "))
    }
    return results[0].dtype == Real.dtype ? results[0] : try results[0].converted(to: Real.dtype)
  }

  private func multiply<Real: RealElement>(
    _ queries: HeadLayout, _ keys: HeadLayout, _ scale: Real, _ query: UnsafePointer<Real>,
    _ key: UnsafePointer<Real>, _ scores: UnsafeMutablePointer<Real>
  ) {
    let share = queries.heads / keys.heads
    Parallel.forEachIndex(count: queries.batch * queries.heads) { index in
      let (image, head) = index.quotientAndRemainder(dividingBy: queries.heads)
      let others = key + keys.start(image: image, head: head / share)
      for row in (index * queries.length)..<((index + 1) * queries.length) {
        let own = query + row * queries.size
        for other in 0..<keys.length {
          var sum: Real = 0
          for place in 0..<keys.size { sum += own[place] * others[other * keys.size + place] }
          scores[row * keys.length + other] = sum * scale
        }
      }
    }
  }

  private func softmax<Real: RealElement>(
    _ scores: Tensor, into target: UnsafeMutablePointer<Real>
  ) {
    let count = scores.shape[3]
    guard count > 0 else { return }
    let source = scores.pointer(as: Real.self)
    Parallel.forEach(count: scores.elementCount / count, grain: 16) { rows in
      for row in rows {
        let values = source + row * count
        let norm = SoftmaxNorm(values, count: count, stride: 1)
        for index in 0..<count {
          target[row * count + index] = Real.exp(values[index] - norm.greatest) / norm.sum
        }
      }
    }
  }

  private func mix<Real: RealElement>(
    _ queries: HeadLayout, _ values: HeadLayout, _ weights: UnsafePointer<Real>,
    _ value: UnsafePointer<Real>, _ target: UnsafeMutablePointer<Real>
  ) {
    let share = queries.heads / values.heads
    Parallel.forEachIndex(count: queries.batch * queries.heads) { index in
      let (image, head) = index.quotientAndRemainder(dividingBy: queries.heads)
      let sources = value + values.start(image: image, head: head / share)
      for row in (index * queries.length)..<((index + 1) * queries.length) {
        let result = target + row * values.size
        result.update(repeating: 0, count: values.size)
        for other in 0..<values.length {
          let weight = weights[row * values.length + other]
          for place in 0..<values.size {
            result[place] += weight * sources[other * values.size + place]
          }
        }
      }
    }
  }
}
