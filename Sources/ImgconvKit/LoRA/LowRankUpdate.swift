import Tensors

/// A low-rank update of one weight: W + factor · up · down (Hu et al., *LoRA*, 2021); with
/// magnitudes its rows are brought to those lengths (Liu et al., *DoRA*, 2024, equation 5).
struct LowRankUpdate: Sendable {
  /// The layer as the file names it.
  var layer: String
  /// `[outputs, rank]`, fp32.
  var up: Tensor
  /// `[rank, columns]`, fp32; columns are inputs, times the kernel's area for a convolution.
  var down: Tensor
  /// alpha / rank, times the strength asked for.
  var factor: Float
  /// The length of each row of the updated weight, `[outputs]`, fp32; nil where lengths follow from
  /// the sum.
  var magnitudes: Tensor?

  /// The inner extent.
  var rank: Int { down.shape[0] }
  /// The elements of one output.
  var columns: Int { down.shape[1] }
}
