import Operators
import Tensors

/// The first images of two batches, brought to the reference's range.
struct ImagePlanes {
  private static let smallestSide = 96
  private let channels: Int
  private let height: Int
  private let width: Int
  /// Elements as 0 … 1 of the reference's range.
  private let reference: [Float]
  private let candidate: [Float]

  /// Takes tensors of one shape `[N, C, H, W]`, C 1 or 3; nil where the reference's first image has
  /// no finite element.
  init?(reference: Tensor, candidate: Tensor) throws {
    (channels, height, width) = (reference.shape[1], reference.shape[2], reference.shape[3])
    let size = channels * height * width
    let left = try reference.converted(to: .float32).array(of: Float.self).prefix(size)
    let right = try candidate.converted(to: .float32).array(of: Float.self).prefix(size)
    let finite = left.filter(\.isFinite)
    guard let lowest = finite.min(), let highest = finite.max() else { return nil }
    let scale = highest > lowest ? 1 / (highest - lowest) : 0
    self.reference = left.map { ($0 - lowest) * scale }
    self.candidate = right.map { ($0 - lowest) * scale }
  }

  /// The reference's image.
  var referenceImage: PixelImage { image(reference) }

  /// The candidate's image, on the reference's range.
  var candidateImage: PixelImage { image(candidate) }

  /// The largest absolute difference, over the reference's range; 0 where none is finite.
  var largestDifference: Float {
    zip(reference, candidate).map { abs($0 - $1) }.filter(\.isFinite).max() ?? 0
  }

  /// The largest absolute difference of each pixel's channels, from black over red and yellow to
  /// white at the largest of all; magenta where the candidate is not a number.
  var heatMap: PixelImage {
    let scale = 3 / max(largestDifference, .leastNormalMagnitude)
    return colored { pixel in
      let differences = (0..<channels).map { channel in
        let index = channel * height * width + pixel
        return abs(reference[index] - candidate[index])
      }
      guard differences.allSatisfy(\.isFinite) else { return (255, 0, 255) }
      let heat = (differences.max() ?? 0) * scale
      return (Self.level(heat), Self.level(heat - 1), Self.level(heat - 2))
    }
  }

  private func image(_ planes: [Float]) -> PixelImage {
    colored { pixel in
      let levels = (0..<3).map { channel in
        Self.level(planes[(channels == 3 ? channel : 0) * height * width + pixel])
      }
      return (levels[0], levels[1], levels[2])
    }
  }

  private func colored(_ color: (Int) -> (UInt8, UInt8, UInt8)) -> PixelImage {
    var image = PixelImage(width: width, height: height, grey: 0)
    for pixel in 0..<(width * height) {
      let (red, green, blue) = color(pixel)
      image.pixels[pixel * 3] = red
      image.pixels[pixel * 3 + 1] = green
      image.pixels[pixel * 3 + 2] = blue
    }
    let side = max(1, min(width, height))
    return side < Self.smallestSide
      ? image.enlarged(by: (Self.smallestSide + side - 1) / side) : image
  }

  private static func level(_ value: Float) -> UInt8 {
    value.isNaN ? 0 : UInt8(min(max(value * 255, 0), 255).rounded())
  }
}
