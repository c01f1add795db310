import Foundation
import ModelGraph
import Tensors

/// An operator that makes a window function of `size` (input 0) samples.
///
/// `periodic` (1) divides the period by the size, otherwise by one less; `output_datatype` (Float) is
/// any number type. Computed in Double.
protocol WindowOperator: Operator {
  var window: WindowFunctionAttributes { get }

  /// The window at phase 2πn/N.
  static func value(at phase: Double) -> Double
}

/// The attributes of the window functions.
struct WindowFunctionAttributes {
  let isPeriodic: Bool
  let dtype: DType

  init(_ attributes: inout AttributeReader) throws {
    isPeriodic = try attributes.flag("periodic", default: true)
    dtype = try attributes.optionalDType("output_datatype") ?? .float32
  }
}

/// `HannWindow` (ai.onnx 17): ½ − ½ cos(2πn/N).
struct HannWindowOperator: WindowOperator {
  static let opType = "HannWindow"
  let window: WindowFunctionAttributes
  init(_ attributes: inout AttributeReader) throws {
    window = try WindowFunctionAttributes(&attributes)
  }
  static func value(at phase: Double) -> Double { 0.5 - 0.5 * cos(phase) }
}

/// `HammingWindow` (ai.onnx 17): 25/46 − 21/46 cos(2πn/N).
struct HammingWindowOperator: WindowOperator {
  static let opType = "HammingWindow"
  let window: WindowFunctionAttributes
  init(_ attributes: inout AttributeReader) throws {
    window = try WindowFunctionAttributes(&attributes)
  }
  static func value(at phase: Double) -> Double { 25 / 46 - 21 / 46 * cos(phase) }
}

/// `BlackmanWindow` (ai.onnx 17): 0.42 − 0.5 cos(2πn/N) + 0.08 cos(4πn/N).
struct BlackmanWindowOperator: WindowOperator {
  static let opType = "BlackmanWindow"
  let window: WindowFunctionAttributes
  init(_ attributes: inout AttributeReader) throws {
    window = try WindowFunctionAttributes(&attributes)
  }
  static func value(at phase: Double) -> Double {
    0.42 - 0.5 * cos(phase) + 0.08 * cos(2 * phase)
  }
}

extension WindowOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let size = context.ints(0)?.first.map { Dimension.fixed(max(0, $0)) }
    return [TensorType(window.dtype, [size ?? .unknown])]
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let size = try context.integer(0, "size")
    let samples = try context.allocate(.float64, Shape.checked([size]))
    let target = samples.mutablePointer(as: Double.self)
    let period = Double(max(1, window.isPeriodic ? size : size - 1))
    for index in 0..<size { target[index] = Self.value(at: 2 * .pi * Double(index) / period) }
    return [try samples.converted(to: window.dtype)]
  }
}
