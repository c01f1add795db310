/// What a measurement is of: an output, a layer, a weight, or a step of a trajectory.
public struct Subject: Hashable, Codable, Sendable {
  /// How deep the comparison looks.
  public enum Depth: String, Codable, CaseIterable, Hashable, Sendable {
    /// A graph's outputs.
    case outputs
    /// Weights alone, dequantized: no graph is known.
    case weights
    /// Every operator, both models fed the same model inputs: errors accumulate.
    case cumulative
    /// Every operator by itself, fed the reference's values.
    case isolated
    /// Steps of a whole few-step generation.
    case trajectory
    /// Sets of images, by what a metric network sees in them.
    case distribution

    /// Whether layers are looked at.
    public var isOfLayers: Bool { self == .cumulative || self == .isolated }
  }

  /// The component's label.
  public var component: String
  /// The graph's name; nil where weights were compared.
  public var graph: String?
  /// How deep the comparison looks.
  public var depth: Depth
  /// The name of the output, the layer's first output, the weight, or the stage of a step.
  public var name: String
  /// How many steps the trajectory has; nil outside trajectories.
  public var steps: Int?
  /// The step, from 1; nil outside trajectories and for what follows the last step.
  public var step: Int?
  /// Whether every element must be the same: integers and booleans are never approximated.
  public var isExact: Bool

  /// Describes a subject.
  public init(
    component: String, graph: String? = nil, depth: Depth, name: String, steps: Int? = nil,
    step: Int? = nil, isExact: Bool = false
  ) {
    self.component = component
    self.graph = graph
    self.depth = depth
    self.name = name
    self.steps = steps
    self.step = step
    self.isExact = isExact
  }

  /// The subject in one line, without its component: `image`, `prediction (step 2 of 3)`.
  public var label: String {
    guard let steps else { return name }
    guard let step else { return "\(name) (\(steps) \(steps == 1 ? "step" : "steps"))" }
    return "\(name) (step \(step) of \(steps))"
  }
}
