import Tensors

/// A denoiser of packed latents as one of latents `[N, C, H, W]`.
///
/// Every 2 by 2 patch becomes one token of 4 C channels, row by row, channels outermost within it
/// (`_pack_latents` of diffusers' `FluxPipeline`).
public struct PackedDenoiser: Denoiser {
  /// What timesteps are divided by: models of packed latents take 0 … 1.
  public static let timeUnit: Float = 1000
  private let base: any Denoiser

  /// Shows `base` packed latents and unpacks what it predicts.
  public init(_ base: any Denoiser) { self.base = base }

  public func predict(
    _ sample: Tensor, timestep: Float, conditioning: Conditioning
  ) throws -> Tensor {
    let layout = try PatchLayout(sample.shape)
    let packed = try layout.packed(sample)
    let prediction = try base.predict(packed, timestep: timestep, conditioning: conditioning)
    guard prediction.shape == packed.shape, prediction.dtype == .float32 else {
      throw DiffusionError.shape(
        name: "prediction", expected: packed.shape, found: prediction.shape)
    }
    return try layout.unpacked(prediction)
  }
}
