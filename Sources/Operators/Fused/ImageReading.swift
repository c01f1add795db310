import ModelGraph
import Tensors

/// How `imgconv.fused.Conv` may read its image, which no plain Conv says.
struct ImageReading: Sendable {
  /// Each pixel stands for a square of so many a side, as after a Resize by the nearest pixel.
  var repeats = 1
  /// Whether Winograd's transforms may be used where they pay.
  var allowsWinograd = false

  /// As a plain Conv does.
  init() {}

  /// Reads the attributes `repeats` and `winograd`.
  ///
  /// - Throws: `OperatorError.attribute`.
  init(_ attributes: inout AttributeReader) throws {
    repeats = try attributes.int("repeats", default: 1)
    guard (1...Self.limit).contains(repeats) else {
      throw OperatorError.attribute(
        "repeats", expected: "1 to \(Self.limit)", found: "\(repeats)")
    }
    allowsWinograd = try attributes.int("winograd", default: 0) != 0
  }

  private static let limit = 16

  /// The dimensions `[N, C, D…]` of the image that the window slides over.
  func enlarged(_ dimensions: [Dimension]) -> [Dimension] {
    guard repeats > 1 else { return dimensions }
    return dimensions.enumerated().map { axis, dimension in
      guard axis >= 2 else { return dimension }
      guard case .fixed(let extent) = dimension else { return .unknown }
      let (product, overflow) = extent.multipliedReportingOverflow(by: repeats)
      return overflow ? .unknown : .fixed(product)
    }
  }

  /// The same of a shape.
  ///
  /// - Throws: `TensorError.elementCountOverflow`.
  func enlarged(_ shape: Shape) throws -> Shape {
    guard repeats > 1 else { return shape }
    guard let extents = enlarged(shape.dimensions.map(Dimension.fixed)).fixedValues else {
      throw TensorError.elementCountOverflow(shape.dimensions)
    }
    return try Shape(checking: extents)
  }
}
