import ModelGraph
import Runtime
import Tensors

/// What calibration runs a graph on: samples, each one or several evaluations.
public protocol CalibrationData: Sendable {
  /// How many samples there are.
  var sampleCount: Int { get }

  /// The timesteps of one sample's evaluations, in order; empty where a sample is one evaluation.
  var timesteps: [Float] { get }

  /// Runs sample `index`.
  ///
  /// - Parameters:
  ///   - session: the graph.
  ///   - evaluate: runs it once; takes the inputs by name and the number of the evaluation among the
  ///     sample's, and gives the outputs.
  /// - Returns: what the sample gives in the end: a trajectory's image, a graph's outputs.
  func run(
    _ index: Int, on session: Session,
    evaluate: @escaping (_ inputs: [String: Tensor], _ step: Int) throws -> [String: Tensor]
  ) throws -> [String: Tensor]
}

extension CalibrationData {
  public var timesteps: [Float] { [] }
}

/// Samples that are given: one evaluation each.
public struct GivenCalibrationData: CalibrationData {
  private let samples: [[String: Tensor]]

  /// The inputs of each sample by name.
  public init(samples: [[String: Tensor]]) { self.samples = samples }

  /// Cuts inputs that hold several samples along their first axis into samples of one.
  ///
  /// Inputs whose first axis is declared of unknown extent are cut where all of them have the same
  /// extent there, at most `limit` of them; otherwise `inputs` are one sample.
  public init(stacked inputs: [String: Tensor], for graph: Graph, limit: Int = .max) {
    let stacked = graph.requiredInputs.filter { input in
      guard let first = input.type.dimensions?.first, inputs[input.name] != nil else {
        return false
      }
      return first.fixedValue == nil
    }
    let counts = Set(stacked.compactMap { inputs[$0.name]?.shape.dimensions.first })
    guard counts.count == 1, let count = counts.first, count > 1 else {
      self.init(samples: [inputs])
      return
    }
    self.init(
      samples: (0..<min(count, limit)).map { index in
        var sample = inputs
        for input in stacked { sample[input.name] = inputs[input.name]?.row(index) }
        return sample
      })
  }

  public var sampleCount: Int { samples.count }

  public func run(
    _ index: Int, on session: Session,
    evaluate: @escaping ([String: Tensor], Int) throws -> [String: Tensor]
  ) throws -> [String: Tensor] {
    try evaluate(samples[index], 0)
  }
}

extension Tensor {
  /// Element `index`, counted round, of a first axis that holds any, which becomes 1; shares the
  /// storage. A scalar stays.
  func row(_ index: Int) -> Tensor {
    guard let count = shape.dimensions.first, count > 0 else { return self }
    return slice(index % count)
  }

  /// Element `index` of the first axis, which becomes 1; shares the storage.
  private func slice(_ index: Int) -> Tensor {
    let extents = [1] + shape.dimensions.dropFirst()
    let shape = Shape(extents)
    return Tensor(
      dtype, shape, buffer: buffer,
      byteOffset: byteOffset + index * shape.elementCount * dtype.byteWidth)
  }
}
