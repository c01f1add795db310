import Kernels
import ModelGraph
import Tensors

/// `MaxRoiPool` (ai.onnx 1, 22): the greatest element in each bin of each region (Girshick 2015,
/// Fast R-CNN).
///
/// `X [N, C, H, W]`, `rois [R, 5]` as image, x1, y1, x2, y2 give `[R, C, pooled_shape…]`. Corners
/// are rounded to whole elements, halves away from zero; an empty bin gives 0.
struct MaxRoiPoolOperator: RealOperator {
  static let opType = "MaxRoiPool"

  private let pooled: [Int]
  private let spatialScale: Float

  init(_ attributes: inout AttributeReader) throws {
    guard let shape = try WindowAttributes.list("pooled_shape", atLeast: 1, &attributes) else {
      throw OperatorError.missingAttribute("pooled_shape")
    }
    guard shape.count == 2 else {
      throw OperatorError.attribute("pooled_shape", expected: "two numbers", found: "\(shape)")
    }
    pooled = shape
    spatialScale = try attributes.float("spatial_scale", default: 1)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    let regions = try context.type(1, "rois").dimensions?.first ?? .unknown
    let channels = input.rank == 4 ? input.dimensions?[1] ?? .unknown : .unknown
    return [TensorType(input.dtype, [regions, channels] + pooled.map(Dimension.fixed))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    guard input.shape.rank == 4 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, H, W]", found: input.shape)
    }
    let regions = try context.input(1, "rois", input.dtype)
    guard regions.shape.rank == 2, regions.shape[1] == 5 else {
      throw OperatorError.inputShape(index: 1, expected: "[R, 5]", found: regions.shape)
    }
    let (images, channels) = (input.shape[0], input.shape[1])
    let boxes = regions.pointer(as: Real.self)
    for region in 0..<regions.shape[0] {
      guard boxes[region * 5] >= 0, boxes[region * 5] < Real(images) else {
        throw OperatorError.inputValue(
          index: 1, expected: "an image below \(images)", found: "\(boxes[region * 5])")
      }
    }
    let output = try context.allocate(
      input.dtype, try Shape(checking: [regions.shape[0], channels] + pooled))
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let binCount = pooled[0] * pooled[1]
    Parallel.forEachIndex(count: regions.shape[0]) { region in
      let box = boxes + region * 5
      let (height, width) = (input.shape[2], input.shape[3])
      let rows = bins(from: box[2], to: box[4], extent: height, count: pooled[0])
      let columns = bins(from: box[1], to: box[3], extent: width, count: pooled[1])
      for channel in 0..<channels {
        let plane = source + (Int(box[0]) * channels + channel) * height * width
        let result = target + (region * channels + channel) * binCount
        for (index, row) in rows.enumerated() {
          for (other, column) in columns.enumerated() {
            result[index * pooled[1] + other] = greatest(plane, row, column, width: width)
          }
        }
      }
    }
    return [output]
  }

  private func greatest<Real: RealElement>(
    _ plane: UnsafePointer<Real>, _ rows: Range<Int>, _ columns: Range<Int>, width: Int
  ) -> Real {
    guard !rows.isEmpty, !columns.isEmpty else { return 0 }
    var greatest = Real.lowest
    for row in rows {
      for column in columns { greatest = Real.larger(greatest, plane[row * width + column]) }
    }
    return greatest
  }

  /// The elements of each bin along one axis.
  private func bins<Real: RealElement>(
    from first: Real, to last: Real, extent: Int, count: Int
  ) -> [Range<Int>] {
    let scale = Real(spatialScale)
    let limit = Real(WindowAttributes.limit)
    func rounded(_ value: Real) -> Real {
      max(-limit, min(limit, (value * scale).rounded(.toNearestOrAwayFromZero)))
    }
    let start = rounded(first)
    let bin = max(rounded(last) - start + 1, 1) / Real(count)
    return (0..<count).map { index in
      let low = (Real(index) * bin).rounded(.down) + start
      let high = (Real(index + 1) * bin).rounded(.up) + start
      let lower = Int(max(0, min(Real(extent), low)))
      return lower..<max(lower, Int(max(0, min(Real(extent), high))))
    }
  }
}
