import FileIO
import ModelGraph
import Tensors

/// Decides, from a recipe and the way the graphs use each weight, what every tensor becomes.
public struct QuantizationPlanner: Sendable {
  /// Tensors of fewer elements than this are not worth scales of their own.
  public static let minimumElementCount = 64

  private let recipe: Recipe

  /// Plans by `recipe`.
  public init(recipe: Recipe) { self.recipe = recipe }

  /// A decision for every tensor of `model`, in the model's order: nothing is left out.
  ///
  /// - Throws: `QuantizationError.unusedPattern` for a rule that matches nothing,
  ///   `.alreadyQuantized`.
  public func plan(_ model: Model) throws -> [[TensorDecision]] {
    var used = Set<Int>()
    let plan = try model.components.map { component in
      let analysis = WeightUsageAnalysis(graphs: component.graphs)
      let helpers = component.quantizationHelperNames
      return try component.weights.tensors.map { tensor in
        try decide(tensor, component, analysis, helpers, &used)
      }
    }
    if let unused = recipe.rules.indices.first(where: { !used.contains($0) }) {
      throw QuantizationError.unusedPattern(recipe.rules[unused].pattern)
    }
    return plan
  }

  private func decide(
    _ tensor: TensorInfo, _ component: Component, _ analysis: WeightUsageAnalysis,
    _ helpers: Set<ByteString>, _ used: inout Set<Int>
  ) throws -> TensorDecision {
    let rule = recipe.rules.firstIndex { $0.matches(tensor.name) }
    if let rule { used.insert(rule) }
    var decision = TensorDecision(
      component: component.label, tensor: tensor, scheme: .keep, reason: "")
    if component.quantization[tensor.name] != nil || helpers.contains(ByteString(tensor.name)) {
      guard rule == nil else {
        throw QuantizationError.alreadyQuantized(
          component: component.label, tensor: tensor.name)
      }
      decision.reason = "quantized already"
      return decision
    }
    let usage = analysis.usages[ByteString(tensor.name)]
    let (wanted, reason) = wantedScheme(tensor, usage, hasGraph: !component.graphs.isEmpty, rule)
    decision.scheme = wanted
    decision.reason = reason
    if case .integer(let scheme) = wanted {
      decision.granularity = scheme.granularity(usage, rank: tensor.shape.rank)
    }
    return decision
  }

  private func wantedScheme(
    _ tensor: TensorInfo, _ usage: WeightUsage?, hasGraph: Bool, _ rule: Int?
  ) -> (WeightScheme, String) {
    guard [.float32, .float16, .bfloat16, .float64].contains(tensor.dtype) else {
      return (.keep, "\(tensor.dtype.name) elements stay as they are")
    }
    guard tensor.shape.elementCount > 0 else { return (.keep, "empty") }
    if let rule {
      let scheme = recipe.rules[rule].scheme
      return (scheme.normalized(for: tensor.dtype), "rule \(recipe.rules[rule].pattern)")
    }
    if let reason = reasonToKeep(tensor, usage, hasGraph: hasGraph) { return (.keep, reason) }
    let scheme = recipe.defaultScheme.normalized(for: tensor.dtype)
    if scheme == .keep { return (.keep, "stored in that type already") }
    return (scheme, usage.map { "weight of \($0.opType)" } ?? "weight, by its shape")
  }

  private func reasonToKeep(
    _ tensor: TensorInfo, _ usage: WeightUsage?, hasGraph: Bool
  ) -> String? {
    if hasGraph, usage == nil { return "no graph uses it" }
    // Floating-point types lose little anywhere; integers only pay where one multiplies by them.
    guard case .integer = recipe.defaultScheme else { return nil }
    if let usage, !usage.isMultiplied {
      return "input \(usage.inputIndex) of \(usage.opType), not multiplied as a matrix"
    }
    if tensor.shape.rank < 2 { return "one axis: a bias or a normalisation" }
    if tensor.shape.elementCount < Self.minimumElementCount { return "few elements" }
    return nil
  }
}

extension WeightScheme {
  /// `keep` where the tensor has the wanted type already.
  func normalized(for dtype: DType) -> WeightScheme {
    if case .float(let wanted) = self, wanted == dtype { .keep } else { self }
  }
}

extension IntegerScheme {
  /// The granularity on a tensor's own axes: channels first and sums over the second axis where no
  /// graph tells otherwise.
  fileprivate func granularity(_ usage: WeightUsage?, rank: Int) -> Granularity {
    guard rank > 0 else { return .tensor }
    switch sharing {
    case .tensor: return .tensor
    case .channel: return .channel(axis: usage?.channelAxis ?? 0)
    case .group(let size):
      return .group(axis: usage?.reductionAxis ?? min(1, rank - 1), size: size)
    }
  }
}

extension Component {
  /// The names of the weights that hold scales and zero points of others.
  fileprivate var quantizationHelperNames: Set<ByteString> {
    var names: Set<ByteString> = []
    for entry in quantization.values {
      names.insert(ByteString(entry.scale))
      if let zeroPoint = entry.zeroPoint { names.insert(ByteString(zeroPoint)) }
    }
    return names
  }
}
