import Foundation
import ModelGraph
import Tensors

/// How far what calibration's samples give is from what they gave in full precision.
///
/// The error of a sample is the mean over its floating-point outputs of the mean squared difference
/// over the squared range of the reference: 10^(−PSNR/10).
struct OutputError {
  let reference: [[String: Tensor]]

  /// The errors of the samples that `component` gives, graph number `graph`.
  func errors(
    of component: Component, graph: Int, _ data: any CalibrationData, samples: Range<Int>
  ) throws -> [Double] {
    let calibrator = try Calibrator(
      graph: component.graphs[graph], weights: component.weights, data: data)
    return try samples.map { sample in
      let outputs = try data.run(sample, on: calibrator.session) { inputs, _ in
        try calibrator.session.run(inputs)
      }
      return Self.error(reference[sample], outputs)
    }
  }

  static func error(_ reference: [String: Tensor], _ candidate: [String: Tensor]) -> Double {
    let errors = reference.sorted { $0.key < $1.key }.compactMap { name, expected -> Double? in
      guard expected.dtype == .float32, let found = candidate[name], found.dtype == .float32,
        found.shape == expected.shape, expected.elementCount > 0
      else { return nil }
      return relative(expected.array(of: Float.self), found.array(of: Float.self))
    }
    return errors.isEmpty ? 0 : errors.reduce(0, +) / Double(errors.count)
  }

  private static func relative(_ expected: [Float], _ found: [Float]) -> Double {
    var sum = 0.0
    var (lowest, highest) = (Float.infinity, -Float.infinity)
    for (expected, found) in zip(expected, found) {
      let difference = Double(expected) - Double(found)
      sum += difference * difference
      lowest = min(lowest, expected)
      highest = max(highest, expected)
    }
    let range = highest > lowest ? Double(highest - lowest) : Double(abs(highest))
    let mean = sum / Double(expected.count)
    return mean == 0 ? 0 : mean.isNaN ? .infinity : mean / max(range * range, 1e-30)
  }

  /// The mean over `errors` of their PSNR in dB, none counted above 200.
  static func meanPSNR(_ errors: [Double]) -> Double {
    guard !errors.isEmpty else { return .nan }
    return errors.reduce(0) { $0 + min(200, -10 * log10(max($1, 1e-20))) } / Double(errors.count)
  }
}
