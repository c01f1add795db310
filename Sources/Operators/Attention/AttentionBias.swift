import Tensors

/// What attention adds to the scores: mask, causal frontier, window, padding.
struct AttentionBias<Real: RealElement>: Sendable {
  /// The mask, broadcast to `[N, heads, queries, keys]`; its last axis may be shorter than the keys.
  struct Mask: @unchecked Sendable {
    let floats: UnsafePointer<Real>?
    let flags: UnsafePointer<Bool>?
    let strides: [Int]
    let keyCount: Int
  }

  let mask: Mask?
  let isCausal: Bool
  /// How many keys before a query's own position it sees; nil for all.
  let left: Int?
  /// How many keys after a query's own position it sees; nil for all.
  let right: Int?
  /// How many keys come before the first query, for each image.
  let offsets: [Int]
  /// How many keys hold something, for each image; nil for all.
  let validCounts: [Int]?

  /// Writes the biases of the keys for one query into `row`; gives back whether every key is shut
  /// out.
  func fill(
    _ row: UnsafeMutablePointer<Real>, count: Int, image: Int, head: Int, query: Int
  ) -> Bool {
    let position = offsets[image] + query
    let last =
      isCausal ? min(position, right.map { position + $0 } ?? .max) : right.map { position + $0 }
    let first = left.map { position - $0 } ?? .min
    let past = min(validCounts?[image] ?? .max, (last.map { $0 == .max ? .max : $0 + 1 }) ?? .max)
    let visible = max(first, 0)..<max(max(first, 0), min(past, count))
    var isShut = true
    let base = mask.map { mask in
      image * mask.strides[0] + head * mask.strides[1] + query * mask.strides[2]
    }
    for key in 0..<count {
      guard visible.contains(key) else {
        row[key] = -.infinity
        continue
      }
      var bias: Real = 0
      if let mask, let base {
        if key >= mask.keyCount {
          bias = -.infinity
        } else if let flags = mask.flags {
          bias = flags[base + key * mask.strides[3]] ? 0 : -.infinity
        } else if let floats = mask.floats {
          bias = floats[base + key * mask.strides[3]]
        }
      }
      row[key] = bias
      if bias != -.infinity { isShut = false }
    }
    return isShut
  }
}

extension AttentionBias.Mask {
  /// A mask of any type and up to four axes, for scores of shape `scores`.
  ///
  /// - Throws: `OperatorError.inputShape`, `.inputType`.
  init(_ tensor: Tensor, index: Int, scores: [Int]) throws {
    let shape = tensor.shape
    guard shape.rank >= 1, shape.rank <= 4, shape[shape.rank - 1] <= scores[3] else {
      throw OperatorError.inputShape(
        index: index, expected: "a shape that broadcasts to \(scores)", found: shape)
    }
    var strides = [0, 0, 0, 1]
    let missing = 4 - shape.rank
    for axis in 0..<(shape.rank - 1) {
      let extent = shape[axis]
      guard extent == 1 || extent == scores[axis + missing] else {
        throw OperatorError.inputShape(
          index: index, expected: "a shape that broadcasts to \(scores)", found: shape)
      }
      strides[axis + missing] = extent == 1 ? 0 : shape.strides[axis]
    }
    self.strides = strides
    keyCount = shape[shape.rank - 1]
    switch tensor.dtype {
    case .bool:
      flags = tensor.pointer(as: Bool.self)
      floats = nil
    case Real.dtype:
      flags = nil
      floats = tensor.pointer(as: Real.self)
    default:
      throw OperatorError.inputType(
        index: index, expected: "booleans or numbers", found: tensor.dtype)
    }
  }
}
