import ModelGraph
import Tensors

extension AttentionOperator: DifferentiableOperator {
  /// With P = softmax(scale · Q Kᵀ + bias), computed anew: dV = Pᵀ dY, dP = dY Vᵀ,
  /// dS = P · (dP − Σ dP · P), dQ = scale · dS K, dK = scale · dSᵀ Q, dbias = dS.
  ///
  /// - Throws: `OperatorError.unsupported` for windows, a soft cap, past keys, padding counts, or
  ///   gradients of outputs other than the first.
  func gradient(_ site: GradientSite) throws -> [String?] {
    guard left == nil, right == nil, softcap == 0, !(4...6).contains(where: site.has),
      site.outputGradients.dropFirst().allSatisfy({ $0 == nil })
    else {
      throw OperatorError.unsupported(
        "a gradient of Attention with windows, a soft cap, past keys or padding counts")
    }
    let heads = try AttentionHeads(
      site,
      queries: HeadLayout(site.shape(0), index: 0, heads: queryHeads, attribute: "q_num_heads"),
      keys: HeadLayout(site.shape(1), index: 1, heads: keyHeads, attribute: "kv_num_heads"),
      values: HeadLayout(site.shape(2), index: 2, heads: keyHeads, attribute: "kv_num_heads"))
    let factor =
      scale.map { Double($0) } ?? 1 / Double(max(heads.queries.size, 1)).squareRoot()
    let (q, k) = (try heads.split(0, heads.queries), try heads.split(1, heads.keys))
    let v = try heads.split(2, heads.values)
    let output = HeadLayout(
      batch: heads.queries.batch, heads: heads.queries.heads, length: heads.queries.length,
      size: heads.values.size, isPacked: heads.queries.isPacked)
    let dy = try heads.split(site.outputGradient(), output)
    let probabilities = try self.probabilities(site, heads, q, k, factor)
    let slopes = site.add("MatMul", [dy, heads.transposed(v)])
    let sum = try site.sum(site.multiply(slopes, probabilities), over: [4])
    let ds = site.multiply(site.subtract(slopes, sum), probabilities)
    let scaled = try site.scale(ds, by: factor)
    var results: [String?] = [
      try heads.merge(site.add("MatMul", [scaled, k]), heads.queries),
      try heads.merge(site.add("MatMul", [heads.transposed(scaled), q]), heads.keys),
      try heads.merge(site.add("MatMul", [heads.transposed(probabilities), dy]), heads.values),
    ]
    if site.needs(3) { results.append(try heads.mask(ds)) }
    return site.padded(results)
  }

  /// softmax(factor · Q Kᵀ + bias) over `[N, key heads, queries a key head, queries, keys]`.
  private func probabilities(
    _ site: GradientSite, _ heads: AttentionHeads, _ q: String, _ k: String, _ factor: Double
  ) throws -> String {
    var scores = try site.scale(site.add("MatMul", [q, heads.transposed(k)]), by: factor)
    if site.has(3) {
      var mask = site.input(3)
      let (shut, open) = (try site.number(-1e30), try site.number(0))
      if site.inputs[3]?.type.dtype == .bool { mask = site.select(mask, open, shut) }
      scores = site.add(scores, try site.reshape(mask, to: heads.maskShape()))
    }
    if isCausal {
      let (rows, columns) = (heads.queries.length, heads.keys.length)
      let isSeen = (0..<(rows * columns)).map { $0 % columns <= $0 / columns }
      let frontier = site.tape.constant(try Tensor(isSeen, [rows, columns]))
      scores = site.select(frontier, scores, try site.number(-1e30))
    }
    return site.add("Softmax", [scores], ["axis": .int(-1)])
  }
}

/// Queries, keys and values split into heads as `[N, key heads, queries a key head, length, size]`.
private struct AttentionHeads {
  let queries: HeadLayout
  let keys: HeadLayout
  let values: HeadLayout
  private let site: GradientSite

  init(_ site: GradientSite, queries: HeadLayout, keys: HeadLayout, values: HeadLayout) throws {
    guard keys.heads > 0, queries.heads % keys.heads == 0 else {
      throw OperatorError.mismatch(
        expected: "query heads divisible by \(keys.heads)", found: "\(queries.heads)")
    }
    self.site = site
    self.queries = queries
    self.keys = keys
    self.values = values
  }

  private func shape(_ layout: HeadLayout) throws -> Shape {
    try Shape.checked([
      layout.batch, keys.heads, layout.heads / keys.heads, layout.length, layout.size,
    ])
  }

  /// Input `index` split into heads.
  func split(_ index: Int, _ layout: HeadLayout) throws -> String {
    try split(site.input(index), layout)
  }

  /// `value`, laid out as `layout`, split into heads.
  func split(_ value: String, _ layout: HeadLayout) throws -> String {
    guard layout.isPacked else { return try site.reshape(value, to: shape(layout)) }
    let rows = try Shape.checked([layout.batch, layout.length, layout.heads, layout.size])
    let moved = site.transpose(try site.reshape(value, to: rows), [0, 2, 1, 3])
    return try site.reshape(moved, to: shape(layout))
  }

  /// A gradient of all query heads, summed where they share a head of `layout`, and laid out so.
  func merge(_ value: String, _ layout: HeadLayout) throws -> String {
    let isShared = layout.heads == keys.heads && queries.heads != keys.heads
    let summed = isShared ? try site.sum(value, over: [2]) : value
    guard layout.isPacked else { return try site.reshape(summed, to: layout.shape()) }
    let plain = try Shape.checked([layout.batch, layout.heads, layout.length, layout.size])
    let moved = site.transpose(try site.reshape(summed, to: plain), [0, 2, 1, 3])
    return try site.reshape(moved, to: layout.shape())
  }

  /// The last two axes exchanged.
  func transposed(_ value: String) -> String { site.transpose(value, [0, 1, 2, 4, 3]) }

  /// The mask's shape with its head axis split.
  func maskShape() throws -> Shape {
    let own = try site.shape(3).dimensions
    guard own.last == keys.length else {
      throw OperatorError.unsupported("a gradient of Attention with a mask shorter than the keys")
    }
    let full = [Int](repeating: 1, count: max(0, 4 - own.count)) + own
    let isWhole = full[1] == queries.heads
    return try Shape.checked(
      [full[0], isWhole ? keys.heads : 1, isWhole ? queries.heads / keys.heads : 1]
        + full[2...])
  }

  /// The gradient of the scores as that of the mask.
  func mask(_ value: String) throws -> String {
    let whole = try Shape.checked([
      queries.batch, keys.heads, queries.heads / keys.heads, queries.length, keys.length,
    ])
    return try site.reshape(site.reduce(value, whole, to: maskShape()), to: site.shape(3))
  }
}
