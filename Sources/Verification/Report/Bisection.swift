/// A smallest set of layers that, kept in fp16, make the gate hold.
public struct Bisection: Hashable, Codable, Sendable {
  /// The component's label.
  public var component: String
  /// Whether there is such a set; false where keeping every layer does not help.
  public var isFound: Bool
  /// How many layers are quantized.
  public var layerCount: Int
  /// The rules of a recipe that keep the layers, in the graph's order.
  public var recipeLines: [String]

  /// Describes a set.
  public init(component: String, isFound: Bool, layerCount: Int, recipeLines: [String]) {
    self.component = component
    self.isFound = isFound
    self.layerCount = layerCount
    self.recipeLines = recipeLines
  }
}
