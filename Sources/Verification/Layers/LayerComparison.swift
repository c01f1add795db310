import FileIO
import ModelGraph
import Tensors

/// Compares a candidate with its reference layer by layer.
///
/// Each layer is looked at by itself, fed the reference's values (*isolated*), and as it runs in the
/// candidate, errors of earlier layers included (*cumulative*). A layer is at fault where its
/// definition differs, where a weight that it keeps has other values, where its output is not finite,
/// or where its isolated error is more than `tolerance` times what its rounding explains
/// (`RoundingNoise`).
public struct LayerComparison {
  /// How many times the error that rounding explains an honest layer may have; the evidence is in
  /// `formats/metrics.md`.
  public static let tolerance = 4.0

  private let reference: Component
  private let candidate: Component
  private let plan: LayerPlan
  private let graphName: String
  private let noise: RoundingNoise
  private let progress: (String) -> Void

  /// Matches the layers of two components' graphs.
  ///
  /// - Throws: `VerificationError.noCommonLayer`.
  public init(
    reference: Component, _ referenceGraph: Graph, candidate: Component, _ candidateGraph: Graph,
    progress: @escaping (String) -> Void = { _ in }
  ) throws {
    // Models out of ONNX tell by their graphs alone what is quantized.
    let told = candidate.tellingQuantization
    let known = reference.tellingQuantization
    self.reference = known
    self.candidate = told
    self.progress = progress
    graphName = referenceGraph.name
    plan = try LayerPlan(reference: referenceGraph, candidate: candidateGraph)
    noise = RoundingNoise(
      reference: StoredWeights(known), candidate: StoredWeights(told))
  }

  /// What was found of one value.
  public struct Layer: Sendable {
    /// The node that makes it.
    public let node: Node
    /// The value's name.
    public let output: String
    /// How far the layer is off by itself.
    public let isolated: TensorComparison
    /// How far it is off with the errors of the layers before it.
    public let cumulative: TensorComparison
    /// The relative error that the layer's rounding explains.
    public let expectedError: Double
    /// What is wrong with the layer; nil for an honest one.
    public let fault: LayerFault?
    /// A weight of the layer that is converted or at fault.
    public let weight: String?
    /// Whether the candidate stores a weight of the layer as integers.
    var readsConvertedWeight = false
  }
}

extension LayerComparison {
  /// Runs both graphs on `inputs` and shows every layer to `visit`, until it gives false.
  ///
  /// - Throws: what running a layer throws.
  public func run(_ inputs: [String: Tensor], _ visit: (Layer) throws -> Bool) throws {
    let walk = LayerWalk(reference: reference, candidate: candidate, plan: plan)
    var rounding: [String: Double] = [:]
    try walk.run(inputs) { step in
      progress("\(reference.label): layer \(step.output)")
      let layer = try layer(step, after: rounding)
      if layer.readsConvertedWeight {
        rounding[step.output] = layer.expectedError * (try Moments(step.expected).rootMeanSquare)
      }
      return try visit(layer)
    }
  }

  /// The first layer that is at fault on `inputs`; nil where none is.
  public func drift(on inputs: [String: Tensor], sample: Int) throws -> LayerDrift? {
    var found: LayerDrift?
    try run(inputs) { layer in
      guard let fault = layer.fault else { return true }
      found = LayerDrift(reference.label, layer, fault, sample: sample)
      return false
    }
    return found
  }

  /// The measurements of every layer on `inputs`, and the first that is at fault.
  public func measure(
    _ inputs: [String: Tensor], sample: Int
  ) throws -> (measurements: [Measurement], drift: LayerDrift?) {
    var measurements: [Measurement] = []
    var drift: LayerDrift?
    try run(inputs) { layer in
      guard layer.node.isMeasured else { return true }
      measurements.append(measurement(.cumulative, layer, layer.cumulative, sample))
      measurements.append(measurement(.isolated, layer, layer.isolated, sample))
      if drift == nil, let fault = layer.fault {
        drift = LayerDrift(reference.label, layer, fault, sample: sample)
      }
      return true
    }
    // All layers of one depth stand together.
    return (
      measurements.filter { $0.subject.depth == .cumulative }
        + measurements.filter { $0.subject.depth == .isolated }, drift
    )
  }

  private func measurement(
    _ depth: Subject.Depth, _ layer: Layer, _ comparison: TensorComparison, _ sample: Int
  ) -> Measurement {
    let subject = Subject(
      component: reference.label, graph: graphName, depth: depth, name: layer.output)
    // A layer is one of hundreds: what charts and rankings need is kept.
    var values = comparison.metrics.filter { [.psnr, .relativeL2, .nonFinite].contains($0.key) }
    if depth == .isolated { values[.excessError] = comparison.relativeL2 / layer.expectedError }
    return Measurement(subject: subject, sample: sample, values: values)
  }

  /// - Parameter rounding: by the values of earlier layers with converted weights, the root mean square
  ///   of the error that their rounding explains.
  private func layer(
    _ step: LayerWalk.Step, after rounding: [String: Double]
  ) throws -> Layer {
    let own = try noise.predicted(step.layer, inputs: step.inputs)
    let expected = try max(own, correctedBiasError(step, after: rounding))
    let weights = step.layer.candidate.initializers.compactMap(\.weightName)
    guard step.expected.shape == step.isolated.shape, step.expected.shape == step.cumulative.shape,
      step.expected.dtype != .string
    else {
      return Layer(
        node: step.layer.node, output: step.output, isolated: TensorComparison(),
        cumulative: TensorComparison(), expectedError: expected,
        fault: .shape(reference: step.expected.shape, candidate: step.isolated.shape),
        weight: nil)
    }
    let isolated = try TensorComparison(
      name: step.output, reference: step.expected, candidate: step.isolated)
    let cumulative = try TensorComparison(
      name: step.output, reference: step.expected, candidate: step.cumulative)
    let (fault, culprit) = try fault(step.layer, isolated, expected, weights, step.expected)
    let converted = convertedWeight(step.layer, weights)
    return Layer(
      node: step.layer.node, output: step.output, isolated: isolated, cumulative: cumulative,
      expectedError: expected, fault: fault,
      weight: culprit ?? converted, readsConvertedWeight: converted != nil)
  }

  /// What the bias of a product of its own, an Add after MatMul, may move by where it was corrected for
  /// the mean error of the product's rounding: that rounding's error over the sum's size; 0 for other
  /// layers.
  private func correctedBiasError(
    _ step: LayerWalk.Step, after rounding: [String: Double]
  ) throws -> Double {
    guard step.layer.node.opType == "Add",
      let error = step.layer.node.inputs.compactMap({ rounding[$0] }).max()
    else { return 0 }
    let size = try Moments(step.expected).rootMeanSquare
    return size > 0 ? error / size : 0
  }

  private func fault(
    _ layer: LayerPlan.Layer, _ isolated: TensorComparison, _ expected: Double,
    _ weights: [String], _ truth: Tensor
  ) throws -> (LayerFault?, weight: String?) {
    let before = NodeSignature(layer.node, namesValues: false)
    let after = NodeSignature(layer.counterpart, namesValues: false)
    if before != after {
      return (.definition(reference: before.text, candidate: after.text), nil)
    }
    if let (name, error) = try changedWeight(layer, weights, truth, expected) {
      return (.keptWeight(name: name, relativeL2: error), name)
    }
    if let error = try tableError(layer), !(error <= Self.tolerance * expected) {
      return (.output(relativeL2: error, expected: expected), nil)
    }
    if isolated.nonFiniteMismatches > 0 {
      return (.nonFinite(count: isolated.nonFiniteMismatches), nil)
    }
    if isolated.relativeL2 > Self.tolerance * expected {
      return (.output(relativeL2: isolated.relativeL2, expected: expected), nil)
    }
    return (nil, nil)
  }

  /// The weight of the layer that is stored as integers, by the reference's name for it.
  private func convertedWeight(_ layer: LayerPlan.Layer, _ weights: [String]) -> String? {
    if let known = weights.first(where: { candidate.quantization[$0] != nil }) { return known }
    let restored = layer.candidate.nodes.filter { $0.opType == "DequantizeLinear" }
    return restored.compactMap(\.outputs.first).first { noise.reference.info($0) != nil }
  }

  /// ‖r − c‖ / ‖r‖ of the whole table that a Gather looks rows up in, where the candidate stores it as
  /// integers: one sample sees few of its rows.
  private func tableError(_ layer: LayerPlan.Layer) throws -> Double? {
    guard layer.node.opType == "Gather",
      let restored = layer.candidate.nodes.first(where: { $0.opType == "DequantizeLinear" }),
      let stored = layer.candidate.initializers.first(where: { $0.name == restored.inputs.first })?
        .weightName,
      let output = restored.outputs.first,
      let name = [stored, output].first(where: { noise.reference.info($0) != nil }),
      let before = try noise.reference.realTensor(name),
      let after = try noise.candidate.realTensor(stored), before.shape == after.shape
    else { return nil }
    return try TensorComparison(name: name, reference: before, candidate: after).relativeL2
  }

  /// A weight that the candidate keeps as it was, by its type, but whose bytes differ.
  ///
  /// A bias beside a converted weight may have been corrected for the mean error of its rounding; it
  /// may move by what that rounding explains of the layer's output, and no more.
  private func changedWeight(
    _ layer: LayerPlan.Layer, _ weights: [String], _ truth: Tensor, _ expected: Double
  ) throws -> (String, Double)? {
    for name in weights where candidate.quantization[name] == nil {
      guard let after = noise.candidate.info(name), let before = noise.reference.info(name),
        reference.quantization[name] == nil, after.dtype == before.dtype,
        after.shape == before.shape,
        try noise.candidate.hasSameBytes(name, as: noise.reference) == false,
        let left = try noise.reference.realTensor(name),
        let right = try noise.candidate.realTensor(name)
      else { continue }
      let comparison = try TensorComparison(name: name, reference: left, candidate: right)
      let allowed = expected * (try Moments(truth).rootMeanSquare)
      let isBias =
        before.shape.rank == 1
        && (layer.node.opType == "Add" || convertedWeight(layer, weights) != nil)
      let isCorrected = isBias && comparison.rootMeanSquareError <= allowed
      if !isCorrected { return (name, comparison.relativeL2) }
    }
    return nil
  }
}

extension LayerDrift {
  /// The drift at a layer that is at fault.
  init(_ component: String, _ layer: LayerComparison.Layer, _ fault: LayerFault, sample: Int) {
    self.init(
      component: component, layer: layer.node.name.isEmpty ? layer.output : layer.node.name,
      operatorType: layer.node.qualifiedOpType, sample: sample,
      isolatedError: layer.isolated.relativeL2, reason: fault.description, weight: layer.weight,
      recipeLine: layer.weight.map(RecipeText.keeping))
  }
}

extension Node {
  /// Whether a layer is listed in reports: shapes and the like are exact and say nothing.
  fileprivate var isMeasured: Bool {
    !["Shape", "Size", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Flatten", "Transpose"]
      .contains(opType)
  }
}
