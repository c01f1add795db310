import Operators
import Tensors

/// Generated images side by side in rows.
struct ContactSheet {
  private static let gap = 2
  private static let smallestSide = 64
  private static let maximumImages = 400
  private let columns: Int
  private var images: [PixelImage] = []

  /// An empty sheet of rows of `columns`.
  init(columns: Int) { self.columns = max(columns, 1) }

  /// Whether there is nothing to show.
  var isEmpty: Bool { images.isEmpty }

  /// Adds images, as long as there is room for them.
  mutating func add(_ added: [PixelImage]) {
    images += added.prefix(max(0, Self.maximumImages - images.count))
  }

  /// The sheet; only where it is not empty. All images have the first one's size.
  var image: PixelImage {
    let first = images.first.map(Self.enlarged) ?? PixelImage(width: 1, height: 1, grey: 0)
    let (width, height) = (first.width + Self.gap, first.height + Self.gap)
    let rows = (images.count + columns - 1) / columns
    var sheet = PixelImage(
      width: min(columns, max(images.count, 1)) * width + Self.gap,
      height: max(rows, 1) * height + Self.gap, grey: 128)
    for (index, image) in images.enumerated() {
      sheet.draw(
        Self.enlarged(image), x: Self.gap + index % columns * width,
        y: Self.gap + index / columns * height)
    }
    return sheet
  }

  private static func enlarged(_ image: PixelImage) -> PixelImage {
    let side = max(1, min(image.width, image.height))
    return side < smallestSide ? image.enlarged(by: (smallestSide + side - 1) / side) : image
  }
}

extension PixelImage {
  /// The images of a batch `[N, C, H, W]` of −1 … 1, C 1 or 3: black to white; values outside are
  /// clamped, NaN is black.
  ///
  /// - Throws: `JobError.image` for other shapes.
  static func batch(_ tensor: Tensor) throws -> [PixelImage] {
    guard tensor.shape.rank == 4, [1, 3].contains(tensor.shape[1]) else {
      throw JobError.image(
        reason: "shape \(tensor.shape): expected images of one or three channels")
    }
    let (channels, height, width) = (tensor.shape[1], tensor.shape[2], tensor.shape[3])
    let values = try tensor.converted(to: .float32).array(of: Float.self)
    let plane = height * width
    return (0..<tensor.shape[0]).map { index in
      var image = PixelImage(width: width, height: height, grey: 0)
      for pixel in 0..<plane {
        for channel in 0..<3 {
          let source = (index * channels + (channels == 3 ? channel : 0)) * plane + pixel
          let level = (values[source] + 1) * 127.5
          image.pixels[pixel * 3 + channel] =
            level.isNaN ? 0 : UInt8(min(max(level, 0), 255).rounded())
        }
      }
      return image
    }
  }
}
