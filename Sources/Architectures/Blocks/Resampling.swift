import ModelGraph
import Tensors

/// A change of height and width by 2 without parameters.
enum Resampling: Sendable {
  /// Every pixel repeated.
  case nearestUp
  /// The mean of 2×2 pixels.
  case averageDown
  /// The filter [1, 3, 3, 1] (Zhang 2019; diffusers `upsample_2d`).
  case filteredUp
  /// The same filter (diffusers `downsample_2d`, `FirDownsample2D`).
  case filteredDown
  /// The filter [1, 3, 3, 1] over reflected borders (diffusers `KUpsample2D`).
  case reflectedUp
  /// The same filter (diffusers `KDownsample2D`).
  case reflectedDown
}

extension NetworkBuilder {
  /// `x` `[N, channels, H, W]` with height and width doubled or halved.
  func resampled(_ x: String, _ resampling: Resampling, channels: Int) -> String {
    switch resampling {
    case .nearestUp: return enlarged(x, by: 2)
    case .averageDown:
      return add("AveragePool", [x], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    case .filteredUp:
      return filtered(x, "ConvTranspose", channels, gain: 4, pad: 1)
    case .filteredDown:
      return filtered(x, "Conv", channels, gain: 1, pad: 1)
    case .reflectedUp:
      return filtered(reflected(x), "ConvTranspose", channels, gain: 4, pad: 3)
    case .reflectedDown:
      return filtered(reflected(x), "Conv", channels, gain: 1, pad: 0)
    }
  }

  /// One row or column of pixels reflected at each border.
  private func reflected(_ x: String) -> String {
    add("Pad", [x, integers([0, 0, 1, 1, 0, 0, 1, 1])], ["mode": .text("reflect")])
  }

  /// The outer product of [1, 3, 3, 1] with itself, of sum `gain`, on each channel alone, stride 2.
  private func filtered(
    _ x: String, _ opType: String, _ channels: Int, gain: Float, pad: Int64
  ) -> String {
    let row: [Float] = [1, 3, 3, 1]
    let kernel = row.flatMap { left in row.map { left * $0 * gain / 64 } }
    let weight = reals(
      Array(repeating: kernel, count: channels).flatMap { $0 }, [channels, 1, 4, 4])
    return add(
      opType, [x, weight],
      [
        "kernel_shape": .ints([4, 4]), "strides": .ints([2, 2]), "group": .int(Int64(channels)),
        "pads": .ints([pad, pad, pad, pad]),
      ])
  }

  /// A convolution of stride 2 (diffusers `Downsample2D`); without padding, one row and column of
  /// zeros are added below and to the right.
  func downsampled(
    _ x: String, _ name: String, _ channels: Int, padding: Int
  ) throws(ArchitectureError) -> String {
    let pads = padding == 0 ? [0, 0, 1, 1] : Array(repeating: padding, count: 4)
    return try conv2d(x, name, channels, channels, stride: 2, pads: pads)
  }
}
