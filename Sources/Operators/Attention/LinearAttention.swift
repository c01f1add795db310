import Kernels
import ModelGraph
import Tensors

/// `LinearAttention` (ai.onnx 27): attention as a recurrence over a state `[key size, value size]`
/// a head.
///
/// For each position: the state decays by e^decay (`gated`, `gated_delta`), v becomes
/// beta · (v − Sᵀk) (`delta`, `gated_delta`), k ⊗ v is added, and scale · qᵀS is given. Query, key
/// and value are `[N, T, heads · size]`; the state is `[N, key heads, key size, value size]`.
/// `chunk_size` is a hint without effect.
struct LinearAttentionOperator: MixedRealOperator {
  static let opType = "LinearAttention"

  private enum UpdateRule: String, CaseIterable {
    case linear, gated, delta
    case gatedDelta = "gated_delta"
  }

  private let rule: UpdateRule
  private let queryHeads: Int
  private let keyHeads: Int
  private let scale: Float

  init(_ attributes: inout AttributeReader) throws {
    rule = try attributes.choice("update_rule", default: .gatedDelta)
    queryHeads = try attributes.int("q_num_heads")
    keyHeads = try attributes.int("kv_num_heads")
    scale = try attributes.float("scale", default: 0)
    _ = try attributes.int("chunk_size", default: 64)
    guard keyHeads > 0, queryHeads > 0, queryHeads % keyHeads == 0,
      queryHeads <= WindowAttributes.limit
    else {
      throw OperatorError.attribute(
        "q_num_heads", expected: "a positive multiple of kv_num_heads",
        found: "\(queryHeads) of \(keyHeads)")
    }
  }

  private var isGated: Bool { rule == .gated || rule == .gatedDelta }
  private var isDelta: Bool { rule == .delta || rule == .gatedDelta }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let query = try context.type(0, "query")
    let key = try context.type(1, "key")
    let value = try context.type(2, "value")
    let keySize = part(key, keyHeads)
    let valueSize = part(value, keyHeads)
    let output = valueSize.fixedValue.map { Dimension.fixed($0 * queryHeads) } ?? .unknown
    let batch = query.dimensions?.first ?? .unknown
    let length = query.rank == 3 ? query.dimensions?[1] ?? .unknown : .unknown
    return [
      TensorType(query.dtype, [batch, length, output]),
      TensorType(
        context.optionalType(3)?.dtype ?? query.dtype,
        [batch, .fixed(keyHeads), keySize, valueSize]),
    ]
  }

  private func part(_ type: TensorType, _ heads: Int) -> Dimension {
    guard type.rank == 3, let extent = type.dimensions?[2].fixedValue else { return .unknown }
    return .fixed(extent / heads)
  }

  func resultTypes(_ context: ExecutionContext) throws -> [DType] {
    let query = try context.realType(0, "query")
    return [query, context.optionalInput(3)?.dtype ?? query]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let query = try context.input(0, "query", Real.dtype)
    let key = try context.input(1, "key", Real.dtype)
    let value = try context.input(2, "value", Real.dtype)
    guard query.shape.rank == 3, key.shape.rank == 3, value.shape.rank == 3 else {
      throw OperatorError.mismatch(
        expected: "query, key and value of three axes",
        found: "\(query.shape), \(key.shape), \(value.shape)")
    }
    let queries = try HeadLayout(
      query.shape, index: 0, heads: queryHeads, attribute: "q_num_heads")
    let keys = try HeadLayout(key.shape, index: 1, heads: keyHeads, attribute: "kv_num_heads")
    let values = try HeadLayout(
      value.shape, index: 2, heads: keyHeads, attribute: "kv_num_heads")
    guard queries.batch == keys.batch, keys.batch == values.batch,
      queries.length == keys.length, keys.length == values.length, queries.size == keys.size
    else {
      throw OperatorError.mismatch(
        expected: "query, key and value of one batch and length",
        found: "\(query.shape), \(key.shape), \(value.shape)")
    }
    let stateShape = try Shape(checking: [keys.batch, keyHeads, keys.size, values.size])
    let past = try context.optionalInput(3, of: Real.dtype, stateShape)
    let decay = try gate(context, 4, "decay", isGated, keys, [keyHeads, keyHeads * keys.size])
    let beta = try gate(context, 5, "beta", isDelta, keys, [keyHeads, 1])
    let outputs = HeadLayout(
      batch: keys.batch, heads: queryHeads, length: keys.length, size: values.size,
      isPacked: true)
    let output = try context.allocate(Real.dtype, outputs.shape())
    let state = try context.allocate(Real.dtype, stateShape)
    let target = state.mutablePointer(as: Real.self)
    if let past {
      target.update(from: past.pointer(), count: past.elementCount)
    } else {
      target.update(repeating: 0, count: state.elementCount)
    }
    let factor = scale == 0 ? 1 / Real(max(keys.size, 1)).squareRoot() : Real(scale)
    let job = LinearRecurrence<Real>(
      queries: queries, keys: keys, values: values, outputs: outputs, scale: factor,
      query: query.pointer(), key: key.pointer(), value: value.pointer(),
      decay: decay?.pointer(), decayWidth: decay?.shape[2] ?? 0, beta: beta?.pointer(),
      betaWidth: beta?.shape[2] ?? 0, output: output.mutablePointer(), state: target)
    Parallel.forEachIndex(count: keys.batch * keyHeads) { index in
      job.run(image: index / keyHeads, head: index % keyHeads)
    }
    return [output, state]
  }

  private func gate(
    _ context: ExecutionContext, _ index: Int, _ name: String, _ isNeeded: Bool,
    _ keys: HeadLayout, _ widths: [Int]
  ) throws -> Tensor? {
    guard isNeeded else {
      guard !context.has(index) else {
        throw OperatorError.mismatch(
          expected: "no \(name) with update_rule \(rule.rawValue)", found: "one")
      }
      return nil
    }
    let tensor = try context.input(index, name)
    guard tensor.shape.rank == 3, tensor.shape[0] == keys.batch, tensor.shape[1] == keys.length,
      widths.contains(tensor.shape[2]), tensor.dtype.isReal
    else {
      throw OperatorError.inputShape(
        index: index, expected: "[\(keys.batch), \(keys.length), one of \(widths)]",
        found: tensor.shape)
    }
    return tensor
  }
}

/// The recurrence of one key head of one image.
private struct LinearRecurrence<Real: RealElement> {
  let queries: HeadLayout
  let keys: HeadLayout
  let values: HeadLayout
  let outputs: HeadLayout
  let scale: Real
  let query: UnsafePointer<Real>
  let key: UnsafePointer<Real>
  let value: UnsafePointer<Real>
  let decay: UnsafePointer<Real>?
  let decayWidth: Int
  let beta: UnsafePointer<Real>?
  let betaWidth: Int
  let output: UnsafeMutablePointer<Real>
  let state: UnsafeMutablePointer<Real>

  func run(image: Int, head: Int) {
    let own = state + (image * keys.heads + head) * keys.size * values.size
    var update = [Real](repeating: 0, count: values.size)
    for time in 0..<keys.length {
      let row = image * keys.length + time
      let k = key + row * keys.rowStride + head * keys.size
      let v = value + row * values.rowStride + head * values.size
      decayState(own, row: row, head: head)
      for column in 0..<values.size { update[column] = v[column] }
      if let beta {
        let rate = beta[row * betaWidth + (betaWidth == 1 ? 0 : head)]
        for column in 0..<values.size {
          var retrieved: Real = 0
          for index in 0..<keys.size { retrieved += own[index * values.size + column] * k[index] }
          update[column] = rate * (v[column] - retrieved)
        }
      }
      for index in 0..<keys.size {
        for column in 0..<values.size {
          own[index * values.size + column] += k[index] * update[column]
        }
      }
      read(own, row: row, head: head)
    }
  }

  private func decayState(_ own: UnsafeMutablePointer<Real>, row: Int, head: Int) {
    guard let decay else { return }
    let isPerHead = decayWidth == keys.heads
    for index in 0..<keys.size {
      let gate = decay[row * decayWidth + (isPerHead ? head : head * keys.size + index)]
      let factor = Real.exp(gate)
      for column in 0..<values.size { own[index * values.size + column] *= factor }
    }
  }

  private func read(_ own: UnsafePointer<Real>, row: Int, head: Int) {
    let share = queries.heads / keys.heads
    for reader in (head * share)..<((head + 1) * share) {
      let q = query + row * queries.rowStride + reader * queries.size
      let target = output + row * outputs.rowStride + reader * outputs.size
      for column in 0..<values.size {
        var sum: Real = 0
        for index in 0..<keys.size { sum += q[index] * own[index * values.size + column] }
        target[column] = scale * sum
      }
    }
  }
}
