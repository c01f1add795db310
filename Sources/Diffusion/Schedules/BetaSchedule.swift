import Foundation

/// How much noise each training step adds: β_t, t = 0 ..< T.
public enum BetaSchedule: Hashable, Sendable {
  /// Evenly from `start` to `end` (Ho et al., 2020).
  case linear(start: Double, end: Double)
  /// The square of an even line from √start to √end (latent diffusion).
  case scaledLinear(start: Double, end: Double)
  /// β_t = min(1 − f((t+1)/T) / f(t/T), 0.999), f(u) = cos²((u + 0.008) / 1.008 · π/2) (Nichol and
  /// Dhariwal, 2021).
  case squaredCosine
  /// As given.
  case trained([Double])
}

extension BetaSchedule {
  /// β for each of `count` training steps, rounded as diffusers does.
  func betas(count: Int) -> [Float] {
    switch self {
    case .linear(let start, let end): Self.line(Float(start), Float(end), count)
    case .scaledLinear(let start, let end):
      Self.line(Float(start.squareRoot()), Float(end.squareRoot()), count).map { $0 * $0 }
    case .squaredCosine: Self.cosine(count)
    case .trained(let betas): betas.map { Float($0) }
    }
  }

  /// `count` numbers from `start` to `end`, the second half counted back from the end.
  private static func line(_ start: Float, _ end: Float, _ count: Int) -> [Float] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { index in
      // Rounded once, as torch.linspace's fused multiply-adds do.
      index < count / 2
        ? start.addingProduct(step, Float(index))
        : end.addingProduct(-step, Float(count - index - 1))
    }
  }

  private static func cosine(_ count: Int) -> [Float] {
    func signal(_ u: Double) -> Double {
      let cosine = cos((u + 0.008) / 1.008 * Double.pi / 2)
      return cosine * cosine
    }
    return (0..<count).map { index in
      let ratio = signal(Double(index + 1) / Double(count)) / signal(Double(index) / Double(count))
      return Float(min(1 - ratio, 0.999))
    }
  }
}
