/// One iteration, measured.
public struct IterationReport: Sendable, Hashable {
  /// The losses of the adversarial term.
  public struct Adversarial: Sendable, Hashable {
    /// −D of the student's images, before λ.
    public var student: Float
    /// The discriminator's hinge loss.
    public var discriminator: Float

    /// A pair of these losses.
    public init(student: Float, discriminator: Float) {
      self.student = student
      self.discriminator = discriminator
    }
  }

  /// Its number, from 1.
  public var iteration: Int
  /// N, the number of steps it drew.
  public var steps: Int
  /// t, the student's time.
  public var timestep: Int
  /// γ(t), the teacher's.
  public var shifted: Int
  /// The loss, without the adversarial term.
  public var loss: Float
  /// The norm of the gradients before clipping.
  public var gradientNorm: Float
  /// The learning rate.
  public var rate: Float
  /// The adversarial term; nil for a training without.
  public var adversarial: Adversarial?

  /// A report of these numbers.
  public init(
    iteration: Int, steps: Int, timestep: Int, shifted: Int, loss: Float, gradientNorm: Float,
    rate: Float, adversarial: Adversarial? = nil
  ) {
    self.iteration = iteration
    self.steps = steps
    self.timestep = timestep
    self.shifted = shifted
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.rate = rate
    self.adversarial = adversarial
  }
}
