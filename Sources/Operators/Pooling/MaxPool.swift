import Kernels
import ModelGraph
import Tensors

/// `MaxPool` (ai.onnx 1, 8, 10, 11, 12, 22): the greatest element under each window, and where it
/// lies in the flattened input. Also takes int8 and uint8.
///
/// Padding never wins. NaN wins over every number; of equal elements the first wins.
/// `storage_order` 1 numbers the positions within a plane in column-major order.
struct MaxPoolOperator: NumericOperator {
  static let opType = "MaxPool"

  private let window: PoolingWindow
  private let isColumnMajor: Bool

  init(_ attributes: inout AttributeReader) throws {
    window = try PoolingWindow(&attributes)
    isColumnMajor = try attributes.flag("storage_order", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let output = try window.infer(context.type(0, "X"))
    return [output, output.with(.int64)]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let geometry = try window.geometry(over: input.shape)
    let shape = try window.output(of: input.shape)
    let output = try context.allocate(input.dtype, shape)
    let indices = context.isRequested(1) ? try context.allocate(.int64, shape) : nil
    let source = input.pointer(as: Number.self)
    let target = output.mutablePointer(as: Number.self)
    let places = indices?.mutablePointer(as: Int64.self)
    Parallel.forEachIndex(count: input.shape[0] * input.shape[1]) { plane in
      pool(
        geometry, source, plane: plane, target + plane * geometry.outputCount,
        places.map { $0 + plane * geometry.outputCount })
    }
    return [output, indices]
  }

  private func pool<Number: NumberElement>(
    _ geometry: WindowGeometry, _ source: UnsafePointer<Number>, plane: Int,
    _ target: UnsafeMutablePointer<Number>, _ places: UnsafeMutablePointer<Int64>?
  ) {
    let first = plane * geometry.inputCount
    let values = source + first
    let step = geometry.lastDilation
    geometry.forEachResult { result, position in
      var greatest = Number.lowest
      var place = -1
      geometry.forEachTapRow(at: position) { start, _, count in
        for index in 0..<count {
          let value = values[start + index * step]
          if place < 0 || value > greatest || (value.isNotANumber && !greatest.isNotANumber) {
            greatest = value
            place = start + index * step
          }
        }
      }
      target[result] = greatest
      places?[result] =
        place < 0 ? -1 : Int64(first + (isColumnMajor ? columnMajor(place, geometry) : place))
    }
  }

  /// The column-major number of the element with row-major number `place`.
  private func columnMajor(_ place: Int, _ geometry: WindowGeometry) -> Int {
    var rest = place
    var number = 0
    var weight = geometry.inputCount
    for extent in geometry.input.reversed() {
      weight /= extent
      number += rest % extent * weight
      rest /= extent
    }
    return number
  }
}
