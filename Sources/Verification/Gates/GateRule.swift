import FileIO
import Glibc

/// Limits for the subjects that a rule describes.
public struct GateRule: Hashable, Codable, Sendable {
  /// A shell pattern over the subject's name; nil for every name.
  public var match: String?
  /// A shell pattern over the component's label; nil for every component.
  public var component: String?
  /// The depth; nil for every depth.
  public var depth: Subject.Depth?
  /// The number of steps of the trajectory; nil for any.
  public var steps: Int?
  /// The step of the trajectory; nil for any.
  public var step: Int?
  /// The limits.
  public var limits: Limits

  /// A rule; what is not given is not looked at.
  public init(
    match: String? = nil, component: String? = nil, depth: Subject.Depth? = nil,
    steps: Int? = nil, step: Int? = nil, limits: Limits
  ) {
    self.match = match
    self.component = component
    self.depth = depth
    self.steps = steps
    self.step = step
    self.limits = limits
  }

  /// Whether the rule describes `subject`.
  public func applies(to subject: Subject) -> Bool {
    Self.matches(match, subject.name) && Self.matches(component, subject.component)
      && (depth == nil || depth == subject.depth) && (steps == nil || steps == subject.steps)
      && (step == nil || step == subject.step)
  }

  /// Whether `name` fits the shell pattern, `fnmatch(3)`; everything fits none.
  static func matches(_ pattern: String?, _ name: String) -> Bool {
    pattern.map { fnmatch($0, name, 0) == 0 } ?? true
  }
}
