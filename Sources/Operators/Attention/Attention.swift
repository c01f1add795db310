import Kernels
import ModelGraph
import Tensors

/// `Attention` (ai.onnx 23, 24, 25): softmax(scale · Q Kᵀ + bias) V over heads (Vaswani et al.
/// 2017), with grouped queries, masks, causal and sliding windows, a soft cap, and a cache of past
/// keys and values.
///
/// Q, K, V are `[N, heads, length, size]`, or `[N, length, heads · size]` with `q_num_heads` and
/// `kv_num_heads`. A row whose every key is shut out gives zeros. Computed in fp32 (fp64 where an
/// input is fp64 or `softmax_precision` says so) and rounded once.
struct AttentionOperator: MixedRealOperator {
  static let opType = "Attention"

  let isCausal: Bool
  let left: Int?
  let right: Int?
  let queryHeads: Int?
  let keyHeads: Int?
  let scale: Float?
  let softcap: Float
  let stage: AttentionStage
  let softmaxType: DType?

  init(_ attributes: inout AttributeReader) throws {
    isCausal = try attributes.flag("is_causal", default: false)
    left = try Self.window("left_window_size", &attributes)
    right = try Self.window("right_window_size", &attributes)
    queryHeads = try Self.heads("q_num_heads", &attributes)
    keyHeads = try Self.heads("kv_num_heads", &attributes)
    scale = try attributes.optionalFloat("scale")
    softcap = try attributes.float("softcap", default: 0)
    let mode = try attributes.int("qk_matmul_output_mode", default: 0)
    guard let stage = AttentionStage(rawValue: mode) else {
      throw OperatorError.attribute(
        "qk_matmul_output_mode", expected: "0, 1, 2 or 3", found: "\(mode)")
    }
    self.stage = stage
    softmaxType = try attributes.optionalDType("softmax_precision")
    if let softmaxType, !softmaxType.isReal {
      throw OperatorError.attribute(
        "softmax_precision", expected: "a floating-point type", found: softmaxType.name)
    }
  }

  var computesInDouble: Bool { softmaxType == .float64 }

  private static func window(_ name: String, _ attributes: inout AttributeReader) throws -> Int? {
    let size = try attributes.int(name, default: -1)
    guard size >= -1, size <= WindowAttributes.limit else {
      throw OperatorError.attribute(name, expected: "-1 or more", found: "\(size)")
    }
    return size < 0 ? nil : size
  }

  private static func heads(_ name: String, _ attributes: inout AttributeReader) throws -> Int? {
    guard let heads = try attributes.optionalInt(name), heads != 0 else { return nil }
    guard heads > 0, heads <= WindowAttributes.limit else {
      throw OperatorError.attribute(name, expected: "a positive number", found: "\(heads)")
    }
    return heads
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let query = try context.type(0, "Q")
    let key = try context.type(1, "K")
    let value = try context.type(2, "V")
    guard let q = query.dimensions, let k = key.dimensions, let v = value.dimensions,
      q.count == k.count, q.count == v.count, q.count == 3 || q.count == 4
    else {
      return [
        .unknown(query.dtype, rank: query.rank), .unknown(query.dtype, rank: 4),
        .unknown(value.dtype, rank: 4), .unknown(query.dtype, rank: 4),
      ]
    }
    let isPacked = q.count == 3
    func part(_ dimension: Dimension, _ heads: Int?) -> Dimension {
      guard let whole = dimension.fixedValue, let heads else { return .unknown }
      return .fixed(whole / heads)
    }
    let keyHeads = isPacked ? self.keyHeads.map(Dimension.fixed) ?? .unknown : k[1]
    let queryHeads = isPacked ? self.queryHeads.map(Dimension.fixed) ?? .unknown : q[1]
    let size = isPacked ? part(k[2], self.keyHeads) : k[3]
    let valueSize = isPacked ? part(v[2], self.keyHeads) : v[3]
    let queryLength = isPacked ? q[1] : q[2]
    var total = isPacked ? k[1] : k[2]
    if context.has(4) {
      let past = context.optionalType(4)?.dimensions
      if past?.count == 4, let before = past?[2].fixedValue {
        total = total.adding(before)
      } else {
        total = .unknown
      }
    }
    let output =
      isPacked
      ? [q[0], q[1], product([queryHeads, valueSize])] : [q[0], q[1], q[2], valueSize]
    return [
      TensorType(query.dtype, output), TensorType(query.dtype, [q[0], keyHeads, total, size]),
      TensorType(value.dtype, [q[0], keyHeads, total, valueSize]),
      TensorType(query.dtype, [q[0], queryHeads, queryLength, total]),
    ]
  }

  func resultTypes(_ context: ExecutionContext) throws -> [DType] {
    let query = try context.realType(0, "Q")
    return [query, query, try context.realType(2, "V"), query]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let query = try context.input(0, "Q", Real.dtype)
    let queries = try HeadLayout(
      query.shape, index: 0, heads: queryHeads, attribute: "q_num_heads")
    let (key, keys) = try cache(context, 1, past: 4, as: type)
    let (value, values) = try cache(context, 2, past: 5, as: type)
    try check(queries, keys, values)
    let output = HeadLayout(
      batch: queries.batch, heads: queries.heads, length: queries.length, size: values.size,
      isPacked: queries.isPacked)
    let result = try context.allocate(Real.dtype, output.shape())
    let scores =
      context.isRequested(3)
      ? try context.allocate(
        Real.dtype,
        try Shape(checking: [queries.batch, queries.heads, queries.length, keys.length])) : nil
    let mask = try maskTensor(context, as: type)
    let job = AttentionScores<Real>(
      queries: queries, keys: keys, values: values, output: output,
      scale: scale.map { Real($0) } ?? 1 / Real(max(queries.size, 1)).squareRoot(),
      softcap: Real(softcap), bias: try bias(context, queries, keys, mask), stage: stage)
    if let single = job as? AttentionScores<Float>, scores == nil, keys.length > 0,
      result.elementCount > 0
    {
      try AttentionBlocks(scores: single).run(
        query.pointer(), key.pointer(), value.pointer(), into: result.mutablePointer(),
        context: context)
    } else {
      job.run(
        query.pointer(), key.pointer(), value.pointer(), into: result.mutablePointer(),
        scores: scores?.mutablePointer())
    }
    withExtendedLifetime(mask) {}
    return [
      result, context.isRequested(1) ? try unpacked(context, key, keys, as: type) : nil,
      context.isRequested(2) ? try unpacked(context, value, values, as: type) : nil, scores,
    ]
  }
}

extension AttentionOperator {
  private func check(_ queries: HeadLayout, _ keys: HeadLayout, _ values: HeadLayout) throws {
    guard keys.heads == values.heads, keys.length == values.length, keys.batch == values.batch,
      queries.batch == keys.batch, queries.size == keys.size, keys.heads > 0,
      queries.heads % keys.heads == 0
    else {
      throw OperatorError.mismatch(
        expected: "Q, K and V of one batch, K and V of as many heads and positions",
        found: try "\(queries.shape()), \(keys.shape()), \(values.shape())")
    }
  }

  /// Keys or values with the past ones before them, and where they lie.
  private func cache<Real: RealElement>(
    _ context: ExecutionContext, _ index: Int, past pastIndex: Int, as type: Real.Type
  ) throws -> (Tensor, HeadLayout) {
    let name = index == 1 ? "K" : "V"
    let incoming = try context.input(index, name, Real.dtype)
    let layout = try HeadLayout(
      incoming.shape, index: index, heads: keyHeads, attribute: "kv_num_heads")
    guard let past = try context.optionalInput(pastIndex, of: Real.dtype) else {
      guard !context.has(9 - pastIndex) else {
        throw OperatorError.missingInput(
          index: pastIndex, name: pastIndex == 4 ? "past_key" : "past_value")
      }
      return (incoming, layout)
    }
    guard past.shape.rank == 4, past.shape[0] == layout.batch, past.shape[1] == layout.heads,
      past.shape[3] == layout.size
    else {
      throw OperatorError.inputShape(
        index: pastIndex, expected: "[\(layout.batch), \(layout.heads), past, \(layout.size)]",
        found: past.shape)
    }
    let before = past.shape[2]
    let whole = HeadLayout(
      batch: layout.batch, heads: layout.heads, length: before + layout.length,
      size: layout.size)
    let present = try context.allocate(Real.dtype, whole.shape())
    let old = past.pointer(as: Real.self)
    let new = incoming.pointer(as: Real.self)
    let target = present.mutablePointer(as: Real.self)
    for image in 0..<whole.batch {
      for head in 0..<whole.heads {
        let place = target + whole.start(image: image, head: head)
        place.update(
          from: old + (image * whole.heads + head) * before * whole.size,
          count: before * whole.size)
        Self.copy(
          new + layout.start(image: image, head: head), layout, to: place + before * whole.size)
      }
    }
    return (present, whole)
  }

  /// The tensor as `[N, heads, length, size]`.
  private func unpacked<Real: RealElement>(
    _ context: ExecutionContext, _ tensor: Tensor, _ layout: HeadLayout, as type: Real.Type
  ) throws -> Tensor {
    guard layout.isPacked else { return tensor }
    let plain = HeadLayout(
      batch: layout.batch, heads: layout.heads, length: layout.length, size: layout.size)
    let result = try context.allocate(Real.dtype, plain.shape())
    let target = result.mutablePointer(as: Real.self)
    for image in 0..<layout.batch {
      for head in 0..<layout.heads {
        Self.copy(
          tensor.pointer(as: Real.self) + layout.start(image: image, head: head), layout,
          to: target + plain.start(image: image, head: head))
      }
    }
    return result
  }

  private static func copy<Real: RealElement>(
    _ source: UnsafePointer<Real>, _ layout: HeadLayout, to target: UnsafeMutablePointer<Real>
  ) {
    for row in 0..<layout.length {
      (target + row * layout.size).update(
        from: source + row * layout.rowStride, count: layout.size)
    }
  }

  /// The mask with integers as reals; booleans as they are.
  private func maskTensor<Real: RealElement>(
    _ context: ExecutionContext, as type: Real.Type
  ) throws -> Tensor? {
    guard let mask = context.optionalInput(3) else { return nil }
    return mask.dtype.isInteger ? try mask.converted(to: Real.dtype) : mask
  }

  private func bias<Real: RealElement>(
    _ context: ExecutionContext, _ queries: HeadLayout, _ keys: HeadLayout, _ mask: Tensor?
  ) throws -> AttentionBias<Real> {
    let counts = try context.optionalIntegers(6, "nonpad_kv_seqlen")?
      .map { max(-WindowAttributes.limit, min(WindowAttributes.limit, $0)) }
    if let counts, counts.count != queries.batch {
      throw OperatorError.inputShape(
        index: 6, expected: "[\(queries.batch)]", found: [counts.count])
    }
    let past = context.optionalInput(4)?.shape
    if past != nil, counts != nil {
      throw OperatorError.mismatch(
        expected: "nonpad_kv_seqlen or past_key", found: "both")
    }
    let offsets =
      counts?.map { $0 - queries.length }
      ?? [Int](repeating: past?[2] ?? 0, count: queries.batch)
    let scores = [queries.batch, queries.heads, queries.length, keys.length]
    return AttentionBias(
      mask: try mask.map { try .init($0, index: 3, scores: scores) }, isCausal: isCausal,
      left: left, right: right, offsets: offsets, validCounts: counts)
  }
}
