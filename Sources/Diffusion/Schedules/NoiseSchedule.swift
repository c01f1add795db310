import Tensors

/// The mixture of signal and noise at each training timestep t = 0 ..< T:
/// x_t = α_t x₀ + σ_t ε with α_t = √ᾱ_t, σ_t = √(1 − ᾱ_t), ᾱ_t = Π_{i ≤ t} (1 − β_i).
public struct NoiseSchedule: Hashable, Sendable {
  /// ᾱ_t, descending.
  public private(set) var alphasCumprod: [Float]

  /// The schedule of `count` training steps.
  ///
  /// - Parameters:
  ///   - betas: the noise of each step.
  ///   - count: T, at least 1.
  ///   - rescalesToZeroTerminalSNR: shift and scale √ᾱ so that ᾱ_{T−1} is exactly 0 (Lin et al.,
  ///     2023, algorithm 1).
  public init(_ betas: BetaSchedule, count: Int, rescalesToZeroTerminalSNR: Bool = false) {
    let betas = betas.betas(count: count)
    alphasCumprod = Self.cumulativeProduct(betas.map { 1 - $0 })
    if rescalesToZeroTerminalSNR { rescale() }
  }

  /// T, the number of training steps.
  public var count: Int { alphasCumprod.count }

  /// α_t, the signal's weight, 0 … 1.
  ///
  /// - Throws: `DiffusionError.timestep`.
  public func alpha(at timestep: Int) throws(DiffusionError) -> Float {
    try alphaCumprod(at: timestep).squareRoot()
  }

  /// σ_t, the noise's weight, 0 … 1.
  ///
  /// - Throws: `DiffusionError.timestep`.
  public func sigma(at timestep: Int) throws(DiffusionError) -> Float {
    (1 - (try alphaCumprod(at: timestep))).squareRoot()
  }

  /// ᾱ_t.
  ///
  /// - Throws: `DiffusionError.timestep`.
  public func alphaCumprod(at timestep: Int) throws(DiffusionError) -> Float {
    guard alphasCumprod.indices.contains(timestep) else {
      throw .timestep(found: timestep, count: count)
    }
    return alphasCumprod[timestep]
  }

  /// q(x₀, ε, t) = α_t x₀ + σ_t ε for one timestep.
  ///
  /// - Throws: `DiffusionError.timestep`, `.shape`, `.type`.
  public func noised(_ clean: Tensor, noise: Tensor, timestep: Int) throws -> Tensor {
    let (alpha, sigma) = (try alpha(at: timestep), try sigma(at: timestep))
    return try Elementwise.map(clean, noise, "noise") { alpha * $0 + sigma * $1 }
  }

  /// √((1 − ᾱ) / ᾱ) for each timestep, ascending: the noise's share in samplers that scale the
  /// signal to 1.
  var noiseRatios: [Float] { alphasCumprod.map { ((1 - $0) / $0).squareRoot() } }

  /// The schedule with ᾱ_{T−1} raised from 0 to 2⁻²⁴, so that its noise ratio is finite.
  var withFiniteRatios: NoiseSchedule {
    var schedule = self
    schedule.alphasCumprod[count - 1] = 0x1p-24
    return schedule
  }
}

extension NoiseSchedule {
  /// Products of the first elements, accumulated in double precision.
  private static func cumulativeProduct(_ factors: [Float]) -> [Float] {
    var product = 1.0
    return factors.map { factor in
      product *= Double(factor)
      return Float(product)
    }
  }

  private mutating func rescale() {
    let roots = alphasCumprod.map { $0.squareRoot() }
    guard let first = roots.first, let last = roots.last, first > last else { return }
    let factor = first / (first - last)
    let squares = roots.map { root in
      let scaled = (root - last) * factor
      return scaled * scaled
    }
    // By way of β, as diffusers does, for the same rounding.
    var alphas = squares
    for index in 1..<squares.count { alphas[index] = squares[index] / squares[index - 1] }
    alphasCumprod = Self.cumulativeProduct(alphas.map { 1 - (1 - $0) })
  }
}
