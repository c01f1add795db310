import Diffusion
import Distillation
import FileIO
import Tensors

/// A contact sheet of a student: a row for each number of steps, plain and noise-corrected.
struct SampleSheet {
  private static let columns = 10
  private static let gap = 4
  private static let smallestSide = 64
  private var rows: [[PixelImage]] = []

  /// Draws samples of fixed noise, the conditions in turn.
  init(_ distiller: Distiller, _ conditionCount: Int, _ image: Shape) throws {
    guard image.rank == 3 else { return }
    let batch = distiller.settings.batch
    var generator = TorchGenerator(seed: 0)
    let noise = try generator.normals(Shape(checking: [batch] + image.dimensions))
    let conditions = (0..<batch).map { conditionCount == 0 ? 0 : $0 % conditionCount }
    for steps in distiller.settings.steps.sorted() {
      for corrects in steps == 1 ? [false] : [false, true] {
        let samples = try distiller.sample(
          noise, rows: conditions, steps: steps, correctsNoise: corrects)
        rows.append(Self.images(samples, count: min(Self.columns, batch)))
      }
    }
  }

  /// Writes the sheet as a PNG file.
  func write(to path: String) throws {
    guard let first = rows.first?.first else { return }
    let (width, height) = (first.width + Self.gap, first.height + Self.gap)
    var sheet = PixelImage(
      width: width * (rows.map(\.count).max() ?? 0) + Self.gap,
      height: height * rows.count + Self.gap, grey: 128)
    for (y, row) in rows.enumerated() {
      for (x, image) in row.enumerated() {
        sheet.draw(image, x: Self.gap + x * width, y: Self.gap + y * height)
      }
    }
    let file = try OutputFile(path: path, policy: .replacing)
    try file.write(sheet.png())
    try file.publish()
  }

  /// The first images of a batch, −1 black and 1 white; of other than three channels the first.
  private static func images(_ batch: Tensor, count: Int) -> [PixelImage] {
    let (channels, height, width) = (batch.shape[1], batch.shape[2], batch.shape[3])
    let values = batch.array(of: Float.self)
    let plane = height * width
    return (0..<count).map { index in
      var image = PixelImage(width: width, height: height, grey: 0)
      for pixel in 0..<plane {
        for channel in 0..<3 {
          let own = channels == 3 ? channel : 0
          let value = (values[(index * channels + own) * plane + pixel] + 1) * 127.5
          image.pixels[pixel * 3 + channel] = UInt8(
            value.isNaN ? 0 : min(max(value.rounded(), 0), 255))
        }
      }
      let side = max(1, min(width, height))
      return side < smallestSide ? image.enlarged(by: (smallestSide + side - 1) / side) : image
    }
  }
}
