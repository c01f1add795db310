import FileIO
import ModelGraph
import Synchronization
import Tensors

/// Finds the ranges of activations by running a component on calibration data.
///
/// Each value needs one histogram (one for each step where steps have scales of their own),
/// whatever the number of samples.
struct ActivationCalibration {
  let component: Component
  let data: [Int: any CalibrationData]
  let progress: @Sendable (String) -> Void

  /// The parameters of each statically quantized value of `sites`, by graph and name: one, or one
  /// for each step.
  ///
  /// - Throws: `QuantizationError.noCalibrationData`, `.unreachedActivation`, and what running the
  ///   graph throws.
  func parameters(
    of sites: [ActivationSite]
  ) throws -> [Int: [ByteString: [ScaleParameters]]] {
    var found: [Int: [ByteString: [ScaleParameters]]] = [:]
    for graph in Set(sites.map(\.graph)).sorted() {
      let here = sites.filter { $0.graph == graph && $0.isStatic }
      guard !here.isEmpty else { continue }
      guard let data = data[graph] else {
        throw QuantizationError.noCalibrationData(
          component: component.label, graph: component.graphs[graph].name)
      }
      progress("calibrating activations of \(component.label)")
      let histograms = try measure(graph, here, data)
      for site in here {
        guard case .fixed(let scheme) = site.scheme else { continue }
        for value in site.values {
          found[graph, default: [:]][ByteString(value)] = try parameters(
            histograms[ByteString(value)] ?? [], scheme, value)
        }
      }
    }
    return found
  }

  private func parameters(
    _ histograms: [ValueHistogram], _ scheme: StaticActivations, _ value: String
  ) throws -> [ScaleParameters] {
    var merged = ValueHistogram()
    for histogram in histograms { merged.merge(histogram) }
    guard merged.lowest <= merged.highest else {
      throw QuantizationError.unreachedActivation(component: component.label, value: value)
    }
    let chosen = scheme.isPerStep ? histograms : [merged]
    return chosen.map {
      RangeChoice(histogram: $0, integers: scheme.integers).parameters(scheme.range)
    }
  }

  private func measure(
    _ graph: Int, _ sites: [ActivationSite], _ data: any CalibrationData
  ) throws -> [ByteString: [ValueHistogram]] {
    let wanted = Set(sites.flatMap(\.values).map(ByteString.init))
    let steps = max(1, data.timesteps.count)
    let collector = HistogramCollector(wanted, steps: steps)
    let calibrator = try Calibrator(
      graph: component.graphs[graph], weights: component.weights, data: data, observes: true)
    try calibrator.pass(wanted) { name, value, _, step in collector.add(name, value, step: step) }
    return collector.histograms
  }
}

extension ActivationSite {
  /// Whether calibration finds its scales.
  var isStatic: Bool { if case .fixed = scheme { true } else { false } }

  /// The values that are quantized.
  var values: [String] { parts.isEmpty ? [value] : parts }
}

/// The histograms of several values, by step.
private final class HistogramCollector: Sendable {
  private let state: Mutex<[ByteString: [ValueHistogram]]>

  init(_ values: Set<ByteString>, steps: Int) {
    let empty = [ValueHistogram](repeating: ValueHistogram(), count: steps)
    state = Mutex(Dictionary(uniqueKeysWithValues: values.map { ($0, empty) }))
  }

  func add(_ name: String, _ value: Tensor, step: Int) {
    state.withLock { histograms in
      let key = ByteString(name)
      guard var steps = histograms.removeValue(forKey: key) else { return }
      steps[min(step, steps.count - 1)].add(value)
      histograms[key] = steps
    }
  }

  var histograms: [ByteString: [ValueHistogram]] { state.withLock { $0 } }
}
