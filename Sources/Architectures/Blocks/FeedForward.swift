/// The activation of a feed-forward layer by the name of diffusers' `activation_fn`.
enum FeedForwardActivation: String, CaseIterable {
  case gelu
  case geluTanh = "gelu-approximate"
  /// Value · gelu(gate) of two halves (GEGLU, Shazeer 2020).
  case geglu
  /// x · sigmoid(1.702 x).
  case quickGelu = "geglu-approximate"
  /// Value · silu(gate) of two halves (Shazeer 2020).
  case swiglu
  case silu = "linear-silu"

  /// Whether the first projection gives a value and a gate.
  fileprivate var isGated: Bool { self == .geglu || self == .swiglu }

  fileprivate var function: Activation {
    switch self {
    case .gelu, .geglu: .gelu
    case .geluTanh: .geluTanh
    case .quickGelu: .quickGelu
    case .swiglu, .silu: .silu
    }
  }
}

extension NetworkBuilder {
  /// net.2(act(net.0.proj(x))) over the last axis, four times as wide inside (diffusers
  /// `FeedForward`).
  func feedForward(
    _ x: String, _ name: String, _ size: Int, _ kind: FeedForwardActivation
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      let inner = size * 4
      var hidden = try linear(x, "net.0.proj", size, kind.isGated ? inner * 2 : inner)
      if kind.isGated {
        let halves = split(hidden, into: 2, axis: -1)
        hidden = add("Mul", [halves[0], activation(kind.function, halves[1])])
      } else {
        hidden = activation(kind.function, hidden)
      }
      return try linear(hidden, "net.2", inner, size)
    }
  }
}
