/// The layer at which a candidate leaves its reference.
public struct LayerDrift: Hashable, Codable, Sendable {
  /// The component's label.
  public var component: String
  /// The layer: its node's name, or its first output.
  public var layer: String
  /// The operator.
  public var operatorType: String
  /// The sample on which it was looked for.
  public var sample: Int
  /// ‖r − c‖ / ‖r‖ of the layer's output, the layer fed the reference's values.
  public var isolatedError: Double
  /// What is wrong with it, in words.
  public var reason: String
  /// The weight that the layer uses, where it has one.
  public var weight: String?
  /// The line of a recipe that would keep the layer as it was.
  public var recipeLine: String?

  /// Describes a drift.
  public init(
    component: String, layer: String, operatorType: String, sample: Int, isolatedError: Double,
    reason: String, weight: String? = nil, recipeLine: String? = nil
  ) {
    self.component = component
    self.layer = layer
    self.operatorType = operatorType
    self.sample = sample
    self.isolatedError = isolatedError
    self.reason = reason
    self.weight = weight
    self.recipeLine = recipeLine
  }
}
