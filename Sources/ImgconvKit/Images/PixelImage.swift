import CPng
import FileIO

/// An image of 8-bit RGB pixels, rows from top to bottom.
struct PixelImage {
  /// The width in pixels.
  let width: Int
  /// The height in pixels.
  let height: Int
  /// Red, green and blue of each pixel.
  var pixels: [UInt8]

  /// An image of one grey.
  init(width: Int, height: Int, grey: UInt8) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: grey, count: width * height * 3)
  }

  /// Copies `image` so that its top left corner is at `x`, `y`; it must fit.
  mutating func draw(_ image: PixelImage, x: Int, y: Int) {
    precondition(x >= 0 && y >= 0 && x + image.width <= width && y + image.height <= height)
    for row in 0..<image.height {
      let source = row * image.width * 3
      let target = ((y + row) * width + x) * 3
      pixels.replaceSubrange(
        target..<(target + image.width * 3),
        with: image.pixels[source..<(source + image.width * 3)])
    }
  }

  /// Each pixel as a square of `factor` pixels.
  func enlarged(by factor: Int) -> PixelImage {
    var large = PixelImage(width: width * factor, height: height * factor, grey: 0)
    for y in 0..<large.height {
      for x in 0..<large.width {
        let source = ((y / factor) * width + x / factor) * 3
        let target = (y * large.width + x) * 3
        for channel in 0..<3 { large.pixels[target + channel] = pixels[source + channel] }
      }
    }
    return large
  }

  /// The image as a PNG file's bytes (libpng, `png_image_write_to_memory`).
  ///
  /// - Throws: `JobError.image` where libpng refuses it.
  func png() throws -> [UInt8] {
    var size = 0
    _ = cpng_encode_rgb(pixels, UInt32(width), UInt32(height), nil, &size)
    var bytes = [UInt8](repeating: 0, count: size)
    guard cpng_encode_rgb(pixels, UInt32(width), UInt32(height), &bytes, &size) == 1 else {
      throw JobError.image(reason: "libpng cannot encode \(width) × \(height) pixels")
    }
    return Array(bytes.prefix(size))
  }
}
