import ModelGraph
import Tensors

/// `NonMaxSuppression` (ai.onnx 10, 11): per image and class, the boxes in order of score that
/// overlap no better box by more than `iou_threshold`.
///
/// `boxes [N, B, 4]` (corners y1, x1, y2, x2 in either order, or with `center_point_box` x, y,
/// width, height) and `scores [N, K, B]` give `[selected, 3]`: image, class, box. Of equal scores
/// the first box wins; boxes without area overlap nothing.
struct NonMaxSuppressionOperator: Operator {
  static let opType = "NonMaxSuppression"

  private let isCentered: Bool

  init(_ attributes: inout AttributeReader) throws {
    isCentered = try attributes.flag("center_point_box", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [TensorType(.int64, [.unknown, .fixed(3)])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let boxes = try context.input(0, "boxes", .float32)
    let scores = try context.input(1, "scores", .float32)
    guard boxes.shape.rank == 3, boxes.shape[2] == 4 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, B, 4]", found: boxes.shape)
    }
    let (images, count) = (boxes.shape[0], boxes.shape[1])
    guard scores.shape.rank == 3, scores.shape[0] == images, scores.shape[2] == count else {
      throw OperatorError.inputShape(
        index: 1, expected: "[\(images), K, \(count)]", found: scores.shape)
    }
    let limit = try context.optionalIntegers(2, "max_output_boxes_per_class")?.first ?? 0
    let overlap = try Self.number(context, 3) ?? 0
    let threshold = try Self.number(context, 4)
    let classes = scores.shape[1]
    let values = scores.array(of: Float.self)
    let all = boxes.array(of: Float.self)
    var selected: [Int64] = []
    for image in 0..<images {
      let corners = (0..<count).map { Box(all, (image * count + $0) * 4, isCentered) }
      for label in 0..<classes {
        let first = (image * classes + label) * count
        let own = values[first..<(first + count)]
        for box in Self.select(corners, own, max(limit, 0), overlap, threshold) {
          selected += [Int64(image), Int64(label), Int64(box)]
        }
      }
    }
    return [try Tensor(selected, [selected.count / 3, 3])]
  }

  private static func number(_ context: ExecutionContext, _ index: Int) throws -> Float? {
    try context.optionalInput(index, of: .float32)?.array(of: Float.self).first
  }

  private static func select(
    _ boxes: [Box], _ scores: ArraySlice<Float>, _ limit: Int, _ overlap: Float,
    _ threshold: Float?
  ) -> [Int] {
    let own = Array(scores)
    let candidates = own.indices.filter { box in
      guard let threshold else { return true }
      return own[box] > threshold
    }
    let order = candidates.sorted { first, second in
      own[first] > own[second] || (own[first] == own[second] && first < second)
        || (own[second].isNaN && !own[first].isNaN)
    }
    var selected: [Int] = []
    for box in order where selected.count < limit {
      if !selected.contains(where: { boxes[box].overlaps(boxes[$0], over: overlap) }) {
        selected.append(box)
      }
    }
    return selected
  }
}

/// A box by its least and greatest coordinates.
private struct Box {
  let left: Float
  let right: Float
  let top: Float
  let bottom: Float

  init(_ numbers: [Float], _ start: Int, _ isCentered: Bool) {
    let (a, b, c, d) = (
      numbers[start], numbers[start + 1], numbers[start + 2], numbers[start + 3]
    )
    if isCentered {
      (left, right) = (a - c / 2, a + c / 2)
      (top, bottom) = (b - d / 2, b + d / 2)
    } else {
      (top, bottom) = (min(a, c), max(a, c))
      (left, right) = (min(b, d), max(b, d))
    }
  }

  private var area: Float { (right - left) * (bottom - top) }

  /// Whether intersection over union is more than `threshold`.
  func overlaps(_ other: Box, over threshold: Float) -> Bool {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    guard width > 0, height > 0 else { return false }
    let intersection = width * height
    let union = area + other.area - intersection
    guard intersection > 0, area > 0, other.area > 0, union > 0 else { return false }
    return intersection / union > threshold
  }
}
