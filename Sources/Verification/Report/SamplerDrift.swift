/// That a candidate is sampled in another way than its reference.
public struct SamplerDrift: Hashable, Codable, Sendable {
  /// One setting that differs.
  public struct Setting: Hashable, Codable, Sendable {
    /// What it is called: `noise correction`, `sampler`, a key of the scheduler's configuration.
    public var name: String
    /// Its value in the reference.
    public var reference: String
    /// Its value in the candidate.
    public var candidate: String

    /// A setting and its two values.
    public init(name: String, reference: String, candidate: String) {
      self.name = name
      self.reference = reference
      self.candidate = candidate
    }
  }

  /// Where two samplers, fed the same states and predictions, part.
  public struct Transition: Hashable, Codable, Sendable {
    /// The transition, from 1: from that step to the next.
    public var index: Int
    /// How many steps the trajectory has.
    public var steps: Int
    /// The sample on which it was seen.
    public var sample: Int
    /// ‖r − c‖ / ‖r‖ of the states after it; nil where the two are asked at different timesteps.
    public var relativeL2: Double?

    /// A transition.
    public init(index: Int, steps: Int, sample: Int, relativeL2: Double? = nil) {
      self.index = index
      self.steps = steps
      self.sample = sample
      self.relativeL2 = relativeL2
    }
  }

  /// The denoiser's label.
  public var component: String
  /// What differs; empty where only the transition tells.
  public var settings: [Setting]
  /// The first transition at which the samplers part; nil where none was walked, or none differs.
  public var transition: Transition?

  /// Describes a difference.
  public init(component: String, settings: [Setting], transition: Transition? = nil) {
    self.component = component
    self.settings = settings
    self.transition = transition
  }
}
