/// Where a position of the resized axis lies on the original one (`coordinate_transformation_mode`).
enum ResizeCoordinates: String, CaseIterable, Sendable {
  case halfPixel = "half_pixel"
  case halfPixelSymmetric = "half_pixel_symmetric"
  case pytorchHalfPixel = "pytorch_half_pixel"
  case alignCorners = "align_corners"
  case asymmetric
  case cropAndResize = "tf_crop_and_resize"
  /// Opset 11 and 12 only.
  case tfHalfPixelForNearest = "tf_half_pixel_for_nn"

  /// The original coordinate of position `x`.
  ///
  /// - Parameters:
  ///   - input: the original extent.
  ///   - output: the resized extent.
  ///   - scale: the resized extent over the original one, before rounding.
  ///   - region: start and end of the region of interest, as parts of the original extent; fp32
  ///     numbers, whose difference and product with the extent are rounded to fp32.
  func original(
    _ x: Int, input: Int, output: Int, scale: Double, region: (start: Float, end: Float)
  ) -> Double {
    let x = Double(x)
    let width = scale * Double(input)
    let last = Double(input - 1)
    switch self {
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .halfPixelSymmetric:
      let offset = Double(input) / 2 * (1 - Double(output) / width)
      return offset + (x + 0.5) / scale - 0.5
    case .pytorchHalfPixel: return width == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .alignCorners: return width == 1 ? 0 : x * last / (width - 1)
    case .asymmetric: return x / scale
    case .cropAndResize:
      let size = Double(region.end - region.start)
      let own = width == 1 ? size * last / 2 : x * size * last / (width - 1)
      return own + Double(region.start * Float(last))
    case .tfHalfPixelForNearest: return (x + 0.5) / scale
    }
  }
}

/// Which neighbour is the nearest (`nearest_mode`).
enum NearestRounding: String, CaseIterable, Sendable {
  case roundPreferFloor = "round_prefer_floor"
  case roundPreferCeil = "round_prefer_ceil"
  case floor
  case ceil

  /// The whole number nearest to `x`.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .roundPreferFloor: (x - 0.5).rounded(.up)
    case .roundPreferCeil: (x + 0.5).rounded(.down)
    case .floor: x.rounded(.down)
    case .ceil: x.rounded(.up)
    }
  }
}
