import FileIO
import ModelGraph
import Tensors

/// The outputs of a component that a budget bounds the error of.
final class BudgetTarget {
  private let graph: Int
  private let label: String
  private let data: any CalibrationData
  private let reference: OutputError
  private let store = ConvertedStore()

  /// Runs the component in full precision.
  ///
  /// - Throws: `QuantizationError.noCalibrationData`; what running the graph throws.
  init(_ plan: ComponentQuantization, _ calibration: CalibrationProvider) throws {
    let component = plan.component
    let graph = plan.layers.first { plan.isQuantized($0) }?.graph ?? 0
    guard let data = try calibration(component, component.graphs[graph]) else {
      throw QuantizationError.noCalibrationData(
        component: component.label, graph: component.graphs[graph].name)
    }
    self.graph = graph
    self.data = data
    label = component.label
    reference = OutputError(
      reference: try Calibrator(
        graph: component.graphs[graph], weights: component.weights, data: data
      ).outputs())
  }

  /// The mean error over the first `samples` where only `weight`'s layers are quantized.
  func error(
    ofAlone weight: ByteString, _ plan: ComponentQuantization, samples: Int
  ) throws -> Double {
    var others: [ByteString: WeightScheme] = [:]
    for decision in plan.decisions where decision.isInteger {
      let name = ByteString(decision.tensor.name)
      if name != weight { others[name] = .keep }
    }
    let component = try plan.assembled(others, store: store).component
    let errors = try reference.errors(
      of: component, graph: graph, data, samples: 0..<min(samples, data.sampleCount))
    return errors.reduce(0, +) / Double(max(errors.count, 1))
  }

  /// The errors of all samples where `schemes` are given to some weights.
  func errors(
    _ plans: [ComponentQuantization], _ schemes: [[ByteString: WeightScheme]]
  ) throws -> [Double] {
    guard let index = plans.firstIndex(where: { $0.component.label == label }) else { return [] }
    let component = try plans[index].assembled(schemes[index], store: store).component
    return try reference.errors(of: component, graph: graph, data, samples: 0..<data.sampleCount)
  }
}

extension ComponentQuantization {
  /// Whether the weight of `layer` becomes integers.
  func isQuantized(_ layer: ProductLayer) -> Bool {
    decisions.contains { $0.isInteger && ByteString($0.tensor.name) == ByteString(layer.weight) }
  }

  /// The integer weights that layers multiply by, in the order of the weights.
  var quantizedLayers: [ByteString] {
    let multiplied = Set(layers.map { ByteString($0.weight) })
    return decisions.filter { $0.isInteger && multiplied.contains(ByteString($0.tensor.name)) }
      .map { ByteString($0.tensor.name) }
  }

  /// The bytes of a weight as decided and in fp16.
  func sizes(of weight: ByteString) -> (quantized: Int, kept: Int) {
    guard let decision = decisions.first(where: { ByteString($0.tensor.name) == weight }) else {
      return (0, 0)
    }
    return (decision.storedByteCount, 2 * decision.tensor.shape.elementCount)
  }

  /// The bytes of all weights before.
  var originalByteCount: Int { decisions.reduce(0) { $0 + $1.tensor.byteCount } }

  /// The bytes of all weights as decided.
  var quantizedByteCount: Int { decisions.reduce(0) { $0 + $1.storedByteCount } }
}

extension TensorDecision {
  /// The bytes that the tensor takes as decided, scales and zero points included.
  var storedByteCount: Int {
    let count = tensor.shape.elementCount
    switch scheme {
    case .keep: return tensor.byteCount
    case .float(let dtype): return dtype.packedByteCount(elementCount: count) ?? tensor.byteCount
    case .integer(let integers):
      let layout = ScaleLayout(shape: tensor.shape, granularity: granularity ?? .tensor)
      let values = integers.dtype.packedByteCount(elementCount: count) ?? count
      return values + layout.scaleCount * (integers.isSymmetric ? 4 : 5)
    }
  }
}
