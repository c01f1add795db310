import Kernels
import ModelGraph
import Tensors

/// `AveragePool` (ai.onnx 1, 7, 10, 11, 19, 22): the mean of the elements under each window.
///
/// The sum is divided by the number of taps that hit the input, with `count_include_pad` by those
/// that hit its padding too. A window that hits nothing gives NaN (0 / 0).
struct AveragePoolOperator: RealOperator {
  static let opType = "AveragePool"

  let window: PoolingWindow
  let countsPadding: Bool

  init(_ attributes: inout AttributeReader) throws {
    window = try PoolingWindow(&attributes)
    countsPadding = try attributes.flag("count_include_pad", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try window.infer(context.type(0, "X"))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let geometry = try window.geometry(over: input.shape)
    let output = try context.allocate(input.dtype, window.output(of: input.shape))
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let step = geometry.lastDilation
    Parallel.forEachIndex(count: input.shape[0] * input.shape[1]) { plane in
      let values = source + plane * geometry.inputCount
      let means = target + plane * geometry.outputCount
      geometry.forEachResult { result, position in
        var sum: Real = 0
        var taps = 0
        geometry.forEachTapRow(at: position) { first, _, count in
          for index in 0..<count { sum += values[first + index * step] }
          taps += count
        }
        let divisor = countsPadding ? geometry.paddedTapCount(at: position) : taps
        means[result] = sum / Real(divisor)
      }
    }
    return [output]
  }
}
