import FileIO
import Operators
import Tensors

/// Pairs of images side by side: the reference, the candidate, and how far they differ.
///
/// Outputs of shape `[N, C, H, W]` with one or three channels are shown; the reference's range
/// becomes black to white, and differences are made eight times larger.
struct ComparisonSheet {
  private static let maximumRows = 16
  private static let gap = 4
  private static let smallestSide = 96
  private static let amplification: Float = 8

  private var rows: [[PixelImage]] = []

  /// Whether there is anything to show.
  var isEmpty: Bool { rows.isEmpty }

  /// Adds the images of one output, as long as there is room.
  mutating func add(reference: Tensor, candidate: Tensor) throws {
    guard reference.shape.rank == 4, [1, 3].contains(reference.shape[1]),
      reference.shape == candidate.shape, reference.elementCount > 0
    else { return }
    let left = try reference.converted(to: .float32).array(of: Float.self)
    let right = try candidate.converted(to: .float32).array(of: Float.self)
    let finite = left.filter(\.isFinite)
    guard let lowest = finite.min(), let highest = finite.max() else { return }
    let scale = highest > lowest ? 255 / (highest - lowest) : 0
    let size = left.count / reference.shape[0]
    for index in 0..<reference.shape[0] where rows.count < Self.maximumRows {
      let range = (index * size)..<((index + 1) * size)
      let difference = zip(left[range], right[range]).map { abs($0 - $1) * Self.amplification }
      rows.append([
        image(left[range].map { ($0 - lowest) * scale }, reference.shape),
        image(right[range].map { ($0 - lowest) * scale }, reference.shape),
        image(difference.map { $0 * scale }, reference.shape),
      ])
    }
  }

  /// The whole sheet; only where it is not empty.
  var sheet: PixelImage {
    let widths = rows.map { $0.reduce(0) { $0 + $1.width + Self.gap } }
    let heights = rows.map { ($0.first?.height ?? 0) + Self.gap }
    var sheet = PixelImage(
      width: (widths.max() ?? 0) + Self.gap, height: heights.reduce(Self.gap, +), grey: 128)
    var y = Self.gap
    for row in rows {
      var x = Self.gap
      for image in row {
        sheet.draw(image, x: x, y: y)
        x += image.width + Self.gap
      }
      y += (row.first?.height ?? 0) + Self.gap
    }
    return sheet
  }

  /// Planes of values in 0 … 255 as pixels, enlarged where they are small.
  private func image(_ values: [Float], _ shape: Shape) -> PixelImage {
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    var image = PixelImage(width: width, height: height, grey: 0)
    for pixel in 0..<(width * height) {
      for channel in 0..<3 {
        let value = values[(channels == 3 ? channel : 0) * width * height + pixel]
        let level = value.isNaN ? 0 : min(max(value.rounded(), 0), 255)
        image.pixels[pixel * 3 + channel] = UInt8(level)
      }
    }
    let side = max(1, min(width, height))
    return side < Self.smallestSide
      ? image.enlarged(by: (Self.smallestSide + side - 1) / side) : image
  }
}
