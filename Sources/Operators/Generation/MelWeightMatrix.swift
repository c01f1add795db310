import Foundation
import ModelGraph
import Tensors

/// `MelWeightMatrix` (ai.onnx 17): `[dft_length / 2 + 1, num_mel_bins]` triangles of peak 1 that turn
/// a linear spectrum into one on the mel scale, mel(f) = 2595 log₁₀(1 + f / 700).
///
/// Inputs, all scalars: `num_mel_bins`, `dft_length`, `sample_rate` (Hz), `lower_edge_hertz`,
/// `upper_edge_hertz`. `output_datatype` (Float) is any number type. Computed in Double.
struct MelWeightMatrixOperator: Operator {
  static let opType = "MelWeightMatrix"

  private let dtype: DType

  init(_ attributes: inout AttributeReader) throws {
    dtype = try attributes.optionalDType("output_datatype") ?? .float32
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let rows = context.ints(1)?.first.map { Dimension.fixed(max(0, $0) / 2 + 1) }
    let columns = context.ints(0)?.first.map { Dimension.fixed(max(0, $0)) }
    return [TensorType(dtype, [rows ?? .unknown, columns ?? .unknown])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let binCount = try context.integer(0, "num_mel_bins")
    let length = try context.integer(1, "dft_length")
    let rate = try context.integer(2, "sample_rate")
    guard length >= 0, length < .max, rate > 0 else {
      throw OperatorError.inputValue(
        index: 2, expected: "a length of 0 or more and a rate above 0",
        found: "\(length) and \(rate)")
    }
    let rows = length / 2 + 1
    let matrix = try context.allocate(.float64, Shape.checked([rows, binCount]))
    matrix.fill(with: nil)
    let low = try hertz(3, "lower_edge_hertz", context)
    let high = try hertz(4, "upper_edge_hertz", context)
    let edges = try edges(binCount, length, rate, low, high)
    let target = matrix.mutablePointer(as: Double.self)
    for bin in 0..<binCount {
      let (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
      for row in max(0, left)..<max(max(0, left), min(center + 1, rows)) {
        target[row * binCount + bin] =
          center == left ? 1 : Double(row - left) / Double(center - left)
      }
      for row in max(0, center)..<max(max(0, center), min(right, rows)) {
        target[row * binCount + bin] = Double(right - row) / Double(right - center)
      }
    }
    return [try matrix.converted(to: dtype)]
  }

  /// The spectrum's row at each triangle's corners.
  private func edges(
    _ binCount: Int, _ length: Int, _ rate: Int, _ low: Double, _ high: Double
  ) throws -> [Int] {
    let (lowest, highest) = (mel(low), mel(high))
    let step = (highest - lowest) / Double(binCount + 2)
    return try (0..<(binCount + 2)).map { index in
      let frequency = 700 * expm1((Double(index) * step + lowest) / 2595 * log(10))
      let row = (Double(length + 1) * frequency / Double(rate)).rounded(.down)
      guard row.magnitude < 0x1p40 else {
        throw OperatorError.inputValue(index: 4, expected: "finite edges", found: "\(high)")
      }
      return Int(row)
    }
  }

  private func mel(_ frequency: Double) -> Double { 2595 * log1p(frequency / 700) / log(10) }

  private func hertz(_ index: Int, _ name: String, _ context: ExecutionContext) throws -> Double {
    let tensor = try context.input(index, name)
    guard tensor.elementCount == 1, let value = tensor.doubles.first else {
      throw OperatorError.inputShape(index: index, expected: "a scalar", found: tensor.shape)
    }
    return value
  }
}
