import Tensors

/// How one output, or one tensor, compares over all samples.
public struct OutputReport: Sendable {
  /// The output's or tensor's name.
  public var name: String
  /// The comparison of each sample, in order.
  public var samples: [TensorComparison]
  /// The limits broken, with the sample's number; empty where the output passes.
  public var violations: [(sample: Int, violation: GateViolation)]

  /// The number of the sample with the lowest PSNR.
  public var worstSample: Int {
    samples.indices.min {
      (samples[$0].peakSignalToNoise, $0) < (samples[$1].peakSignalToNoise, $1)
    } ?? 0
  }

  /// The comparison of the worst sample.
  public var worst: TensorComparison { samples.isEmpty ? TensorComparison() : samples[worstSample] }

  /// Whether every limit holds.
  public var passed: Bool { violations.isEmpty }
}

/// How one graph of a component, or its weights alone, compares.
public struct ComponentReport: Sendable {
  /// What was compared.
  public enum Depth: String, Sendable {
    /// The graph's outputs.
    case outputs
    /// The weights, tensor by tensor, dequantized: no graph is known.
    case weights
  }

  /// The component's label.
  public var component: String
  /// The graph's name; nil where weights were compared.
  public var graph: String?
  /// What was compared.
  public var depth: Depth
  /// The candidate's precision, which chose the default gate.
  public var precision: Precision
  /// The gate applied.
  public var gate: Gate
  /// The outputs in order.
  public var outputs: [OutputReport]

  /// Whether every output passes.
  public var passed: Bool { outputs.allSatisfy(\.passed) }
}

/// The verdict over a candidate.
public struct VerificationReport: Sendable {
  /// What was compared, in order.
  public var components: [ComponentReport]

  /// Whether the candidate passes.
  public var passed: Bool { components.allSatisfy(\.passed) }
}
