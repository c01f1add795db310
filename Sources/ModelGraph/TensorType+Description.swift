extension Dimension: CustomStringConvertible {
  /// `64`, `batch`, or `?` where nothing is known.
  public var description: String {
    switch self {
    case .fixed(let extent): "\(extent)"
    case .symbol(let symbol): symbol
    case .unknown: "?"
    }
  }
}

extension TensorType: CustomStringConvertible {
  /// `float32 [batch, 4, 64, 64]`, with `?` for what is not known and `[…]` for an unknown rank.
  public var description: String {
    let axes = dimensions.map { "[\($0.map(\.description).joined(separator: ", "))]" } ?? "[…]"
    return "\(dtype?.name ?? "?") \(axes)"
  }
}

extension TensorQuantization: CustomStringConvertible {
  /// `per channel of axis 0, symmetric`: what the scales hold for.
  public var description: String {
    let scope =
      switch granularity {
      case .tensor: "per tensor"
      case .channel(let axis): "per channel of axis \(axis)"
      case .group(let axis, let size): "per group of \(size) along axis \(axis)"
      }
    return "\(scope), \(isSymmetric ? "symmetric" : "asymmetric"), of \(originalType.name)"
  }
}
