import ModelGraph
import Tensors

extension TensorType {
  /// The type of a scalar.
  static func scalar(_ dtype: DType?) -> TensorType { TensorType(dtype, []) }

  /// A type of `rank` axes of unknown extents; of unknown rank where it is nil.
  static func unknown(_ dtype: DType?, rank: Int? = nil) -> TensorType {
    TensorType(dtype, rank.map { [Dimension](repeating: .unknown, count: $0) })
  }

  /// The same extents with elements of another type.
  func with(_ dtype: DType?) -> TensorType { TensorType(dtype, dimensions) }
}

extension Dimension {
  /// The extent that two operands' extents are stretched to; unknown where that is not certain.
  ///
  /// - Throws: `OperatorError.mismatch` where both are known, differ, and neither is 1.
  func broadcast(with other: Dimension) throws -> Dimension {
    switch (self, other) {
    case (.fixed(1), _): return other
    case (_, .fixed(1)): return self
    case (.fixed(let left), .fixed(let right)):
      guard left == right else {
        throw OperatorError.mismatch(
          expected: "extents that broadcast to one", found: "\(left) and \(right)")
      }
      return self
    case (.fixed, _): return self
    case (_, .fixed): return other
    case (.symbol(let left), .symbol(let right)) where left == right: return self
    default: return .unknown
    }
  }

  /// The extent plus `count`.
  func adding(_ count: Int) -> Dimension {
    guard let extent = fixedValue else { return count == 0 ? self : .unknown }
    return .fixed(extent &+ count)
  }
}

/// The extents that operands of these types are stretched to; nil where a rank is not known.
///
/// - Throws: `OperatorError.mismatch` where they cannot be.
func broadcastDimensions(_ types: [TensorType]) throws -> [Dimension]? {
  var result: [Dimension] = []
  for type in types {
    guard let own = type.dimensions else { return nil }
    let rank = max(result.count, own.count)
    let left = [Dimension](repeating: .fixed(1), count: rank - result.count) + result
    let right = [Dimension](repeating: .fixed(1), count: rank - own.count) + own
    result = try zip(left, right).map { try $0.broadcast(with: $1) }
  }
  return result
}

/// The product of extents; unknown where one is (unless another is 0).
func product(_ dimensions: some Sequence<Dimension>) -> Dimension {
  var total = 1
  var isKnown = true
  var named: Dimension?
  var count = 0
  for dimension in dimensions {
    count += 1
    guard let extent = dimension.fixedValue else {
      isKnown = false
      named = dimension
      continue
    }
    if extent == 0 { return .fixed(0) }
    let (next, overflow) = total.multipliedReportingOverflow(by: extent)
    if overflow { return .unknown }
    total = next
  }
  if isKnown { return .fixed(total) }
  return count == 1 ? named ?? .unknown : .unknown
}
