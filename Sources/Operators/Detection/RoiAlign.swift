import Kernels
import ModelGraph
import Tensors

/// `RoiAlign` (ai.onnx 10, 16, 22): the mean or the maximum of bilinear samples within each bin of
/// each region (He et al. 2017, Mask R-CNN).
///
/// `X [N, C, H, W]`, `rois [R, 4]` as x1, y1, x2, y2, `batch_indices [R]` give
/// `[R, C, output_height, output_width]`. Samples more than one element outside the map count as
/// 0. With `mode` max the greatest of the four weighted corners of all samples wins, as in the
/// operator's reference.
struct RoiAlignOperator: MixedRealOperator {
  static let opType = "RoiAlign"

  private enum Mode: String, CaseIterable {
    case avg, max
  }

  private enum Coordinates: String, CaseIterable {
    case halfPixel = "half_pixel"
    case outputHalfPixel = "output_half_pixel"
  }

  /// The greatest number of samples along one side of a bin.
  private static let sampleLimit = 4096

  private let mode: Mode
  private let coordinates: Coordinates
  private let height: Int
  private let width: Int
  private let samplingRatio: Int
  private let spatialScale: Float

  init(_ attributes: inout AttributeReader) throws {
    mode = try attributes.choice("mode", default: .avg)
    coordinates = try attributes.choice("coordinate_transformation_mode", default: .halfPixel)
    height = try attributes.int("output_height", default: 1)
    width = try attributes.int("output_width", default: 1)
    samplingRatio = try attributes.int("sampling_ratio", default: 0)
    spatialScale = try attributes.float("spatial_scale", default: 1)
    for (name, value, range) in [
      ("output_height", height, 1...WindowAttributes.limit),
      ("output_width", width, 1...WindowAttributes.limit),
      ("sampling_ratio", samplingRatio, 0...Self.sampleLimit),
    ] where !range.contains(value) {
      throw OperatorError.attribute(name, expected: "a number in \(range)", found: "\(value)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    let regions = try context.type(1, "rois").dimensions?.first ?? .unknown
    let channels = input.rank == 4 ? input.dimensions?[1] ?? .unknown : .unknown
    return [TensorType(input.dtype, [regions, channels, .fixed(height), .fixed(width)])]
  }

  func resultTypes(_ context: ExecutionContext) throws -> [DType] {
    [try context.realType(0, "X")]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    guard input.shape.rank == 4 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, H, W]", found: input.shape)
    }
    let regions = try context.input(1, "rois", Real.dtype)
    guard regions.shape.rank == 2, regions.shape[1] == 4 else {
      throw OperatorError.inputShape(index: 1, expected: "[R, 4]", found: regions.shape)
    }
    let images = try context.integers(2, "batch_indices")
    guard images.count == regions.shape[0] else {
      throw OperatorError.inputShape(
        index: 2, expected: "[\(regions.shape[0])]", found: [images.count])
    }
    if let stranger = images.first(where: { $0 < 0 || $0 >= input.shape[0] }) {
      throw OperatorError.inputValue(
        index: 2, expected: "an image below \(input.shape[0])", found: "\(stranger)")
    }
    let channels = input.shape[1]
    let output = try context.allocate(
      input.dtype, try Shape(checking: [images.count, channels, height, width]))
    let target = output.mutablePointer(as: Real.self)
    let boxes = regions.pointer(as: Real.self)
    let map = FeatureMap<Real>(
      input.pointer(), height: input.shape[2], width: input.shape[3])
    Parallel.forEachIndex(count: images.count) { region in
      let box = (0..<4).map { boxes[region * 4 + $0] }
      for channel in 0..<channels {
        let plane = images[region] * channels + channel
        pool(map, plane, box, target + (region * channels + channel) * height * width)
      }
    }
    return [output]
  }
}

extension RoiAlignOperator {
  private func pool<Real: RealElement>(
    _ map: FeatureMap<Real>, _ plane: Int, _ box: [Real], _ target: UnsafeMutablePointer<Real>
  ) {
    let scale = Real(spatialScale)
    let shift: Real = coordinates == .halfPixel ? 0.5 : 0
    let left = box[0] * scale - shift
    let top = box[1] * scale - shift
    var boxWidth = box[2] * scale - shift - left
    var boxHeight = box[3] * scale - shift - top
    if coordinates == .outputHalfPixel {
      boxWidth = max(boxWidth, 1)
      boxHeight = max(boxHeight, 1)
    }
    let binHeight = boxHeight / Real(height)
    let binWidth = boxWidth / Real(width)
    let rows = sampleCount(binHeight)
    let columns = sampleCount(binWidth)
    for row in 0..<height {
      for column in 0..<width {
        var sum: Real = 0
        var greatest: Real = -.infinity
        for sampleRow in 0..<rows {
          let y =
            top + Real(row) * binHeight + (Real(sampleRow) + 0.5) * binHeight / Real(rows)
          for sampleColumn in 0..<columns {
            let x =
              left + Real(column) * binWidth
              + (Real(sampleColumn) + 0.5) * binWidth / Real(columns)
            let sample = map.sample(plane, y: y, x: x)
            sum += sample.sum
            greatest = max(greatest, sample.greatest)
          }
        }
        let count = rows * columns
        target[row * width + column] =
          count == 0 ? 0 : mode == .max ? greatest : sum / Real(count)
      }
    }
  }

  /// The number of samples along one side of a bin.
  private func sampleCount<Real: RealElement>(_ bin: Real) -> Int {
    guard samplingRatio == 0 else { return samplingRatio }
    return Int(max(0, min(Real(Self.sampleLimit), bin.rounded(.up))))
  }
}

/// Planes that are sampled bilinearly.
private struct FeatureMap<Real: RealElement> {
  let elements: UnsafePointer<Real>
  let height: Int
  let width: Int

  init(_ elements: UnsafePointer<Real>, height: Int, width: Int) {
    self.elements = elements
    self.height = height
    self.width = width
  }

  /// The sum of the four weighted corners around the point, and the greatest of them.
  func sample(_ plane: Int, y: Real, x: Real) -> (sum: Real, greatest: Real) {
    guard y >= -1, y <= Real(height), x >= -1, x <= Real(width), height > 0, width > 0 else {
      return (0, 0)
    }
    let (top, bottom, lowerY) = corners(y, extent: height)
    let (left, right, lowerX) = corners(x, extent: width)
    let upperY = 1 - lowerY
    let upperX = 1 - lowerX
    let base = elements + plane * height * width
    let terms = (
      upperY * upperX * base[top * width + left], upperY * lowerX * base[top * width + right],
      lowerY * upperX * base[bottom * width + left],
      lowerY * lowerX * base[bottom * width + right]
    )
    return (
      terms.0 + terms.1 + terms.2 + terms.3, max(max(terms.0, terms.1), max(terms.2, terms.3))
    )
  }

  private func corners(_ coordinate: Real, extent: Int) -> (Int, Int, Real) {
    let clamped = max(coordinate, 0)
    let lower = Int(clamped)
    guard lower < extent - 1 else { return (extent - 1, extent - 1, 0) }
    return (lower, lower + 1, clamped - Real(lower))
  }
}
