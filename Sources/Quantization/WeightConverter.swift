import Kernels
import ModelGraph
import Operators
import Tensors

/// A weight in the form that is stored.
struct ConvertedWeight: Sendable {
  let values: Tensor
  let scale: Tensor?
  let zeroPoint: Tensor?
  let deviation: WeightDeviation
  /// What products with the weight lack on average, for each output channel, where that is known.
  var outputShift: [Float]?

  init(values: Tensor, scale: Tensor?, zeroPoint: Tensor?, deviation: WeightDeviation) {
    self.values = values
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.deviation = deviation
  }

  init(_ weight: QuantizedWeight) {
    self.init(
      values: weight.values, scale: weight.scale, zeroPoint: weight.zeroPoint,
      deviation: weight.deviation)
    outputShift = weight.outputShift
  }

  /// The bytes stored, scales and zero points included.
  var packedByteCount: Int {
    [values, scale, zeroPoint].compactMap { $0 }.reduce(0) { total, tensor in
      total + (tensor.dtype.packedByteCount(elementCount: tensor.elementCount) ?? 0)
    }
  }
}

/// Converts one weight at a time to its stored form, refusing values that the form cannot hold.
struct WeightConverter: Sendable {
  /// Whether values beyond a floating-point type's range become its largest.
  let saturates: Bool
  /// How integers are found.
  var settings = RoundingSettings.plain
  /// The moments of the weights' inputs, where the settings need them.
  var moments: MomentsProvider?

  /// Converts tensor number `index` of `source`; rounding to the nearest takes it in parts.
  ///
  /// - Parameter buffers: where the memory of a tensor that is read whole comes from.
  /// - Throws: `QuantizationError.notFinite`, `.overflow`, `.vanishes`; what calibration and
  ///   `source` throw.
  func convert(
    _ source: any TensorSource, _ index: Int, _ decision: TensorDecision,
    _ buffers: ReusableBuffer
  ) throws -> ConvertedWeight {
    guard case .integer(let scheme) = decision.scheme,
      [.float32, .float16, .bfloat16].contains(decision.tensor.dtype),
      let quantizer = PartwiseQuantizer(
        scheme, settings.range, decision.tensor.shape, decision.granularity ?? .tensor),
      try moments?.moments(for: decision.tensor.name) == nil
    else { return try convert(try source.tensorInParallel(index, buffers), decision) }
    let parts = try TensorParts(source, index, buffers)
    do {
      return ConvertedWeight(try quantizer.quantize { try parts.floats($0) })
    } catch let error as PartwiseQuantizer.NotFinite {
      throw QuantizationError.notFinite(
        component: decision.component, tensor: decision.tensor.name,
        index: decision.tensor.shape.position(of: error.index), value: "\(error.value)")
    }
  }

  /// - Throws: `QuantizationError.notFinite`, `.overflow`, `.vanishes`; what calibration throws.
  func convert(_ tensor: Tensor, _ decision: TensorDecision) throws -> ConvertedWeight {
    let floats = try tensor.converted(to: .float32)
    try checkFinite(tensor, floats, decision)
    switch decision.scheme {
    case .keep:
      return ConvertedWeight(values: tensor, scale: nil, zeroPoint: nil, deviation: .none)
    case .float(let dtype): return try round(tensor, floats, to: dtype, decision)
    case .integer(let scheme):
      let weight = try WeightQuantizer(scheme: scheme, settings: settings).quantize(
        floats.pointer(), floats.shape, decision.granularity ?? .tensor,
        moments: try moments?.moments(for: decision.tensor.name))
      withExtendedLifetime(floats) {}
      return ConvertedWeight(weight)
    }
  }

  private func checkFinite(
    _ tensor: Tensor, _ floats: Tensor, _ decision: TensorDecision
  ) throws {
    let isFinite = floats.withElements(of: Float.self) { elements in
      guard let base = elements.baseAddress, !elements.isEmpty else { return true }
      // NaN shows in both, an infinity in one.
      return Reduction.minimum(base, count: elements.count).isFinite
        && Reduction.maximum(base, count: elements.count).isFinite
    }
    guard !isFinite else { return }
    let index = floats.withElements(of: Float.self) { $0.firstIndex { !$0.isFinite } }
    guard let index else { return }
    let value = floats.withElements(of: Float.self) { $0[index] }
    // A float64 beyond fp32 turns infinite in the conversion; name it as it stands.
    let found =
      tensor.dtype == .float64 ? "\(tensor.array(of: Double.self)[index])" : "\(value)"
    throw QuantizationError.notFinite(
      component: decision.component, tensor: decision.tensor.name,
      index: tensor.shape.position(of: index), value: found)
  }

  private func round(
    _ tensor: Tensor, _ floats: Tensor, to dtype: DType, _ decision: TensorDecision
  ) throws -> ConvertedWeight {
    // From the original type, so that a float64 is rounded once.
    var values = try tensor.converted(to: dtype)
    var restored = try values.converted(to: .float32)
    var saturated = 0
    if let index = restored.withElements(of: Float.self, { $0.firstIndex { $0.isInfinite } }) {
      saturated = restored.withElements(of: Float.self) { $0.count { $0.isInfinite } }
      guard saturates else {
        throw QuantizationError.overflow(
          component: decision.component, tensor: decision.tensor.name,
          index: tensor.shape.position(of: index),
          value: floats.withElements(of: Float.self) { $0[index] }, type: dtype,
          count: saturated)
      }
      values = try floats.clamped(to: dtype.largestFinite).converted(to: dtype)
      restored = try values.converted(to: .float32)
    }
    let deviation = deviation(floats, restored, saturated)
    if deviation.underflowCount > 0,
      restored.withElements(of: Float.self, { $0.allSatisfy { $0 == 0 } })
    {
      throw QuantizationError.vanishes(
        component: decision.component, tensor: decision.tensor.name, type: dtype)
    }
    return ConvertedWeight(values: values, scale: nil, zeroPoint: nil, deviation: deviation)
  }

  private func deviation(
    _ original: Tensor, _ stored: Tensor, _ saturatedCount: Int
  ) -> WeightDeviation {
    original.withElements(of: Float.self) { original in
      stored.withElements(of: Float.self) { stored in
        var sum = DeviationSum()
        for index in original.indices { sum.add(original[index], stored[index]) }
        sum.saturatedCount = saturatedCount
        return sum.deviation
      }
    }
  }
}

extension Tensor {
  /// fp32 elements with magnitudes cut to `limit`.
  fileprivate func clamped(to limit: Float) throws -> Tensor {
    try Tensor(withElements(of: Float.self) { $0.map { min(max($0, -limit), limit) } }, shape)
  }
}

extension DType {
  /// The largest finite number of a floating-point type weights are stored in.
  fileprivate var largestFinite: Float {
    switch self {
    case .float16: 65504
    case .bfloat16: Float(bitPattern: 0x7F7F_0000)
    default: .greatestFiniteMagnitude
    }
  }
}

extension Shape {
  /// The index along each axis of element number `index` in row-major order.
  func position(of index: Int) -> [Int] {
    var rest = index
    return strides.map { stride in
      defer { rest %= stride }
      return rest / stride
    }
  }
}
