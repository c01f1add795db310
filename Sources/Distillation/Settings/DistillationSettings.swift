/// Everything that shapes a distillation (`formats/distillation.md`).
///
/// Defaults are those of the digits run in `formats/distillation.md`. What the paper (Imagine Flash,
/// arXiv 2405.05224) leaves open is ours: it gives neither k, w, γ, the student's grid nor the
/// optimiser's settings.
public struct DistillationSettings: Hashable, Sendable {
  /// The numbers of steps N that an iteration's is drawn from.
  public var steps = [1, 2, 3]
  /// How many times the student's weights are changed.
  public var iterations = 600
  /// How many images an iteration has.
  public var batch = 32
  /// What all random numbers follow from.
  public var seed: UInt64 = 0

  /// Where the student's inputs come from.
  public var trajectory = TrajectorySource.backward
  /// Whether the rollout corrects the noise in its first step, as sampling does (equation iii).
  public var correctsRolloutNoise = false
  /// The share of iterations, at random, in which the teacher starts from the student's own
  /// estimate, re-noised to γ(t) (the shifted reconstruction loss, section 3.2); in the others it
  /// starts from the student's input (section 3.1 alone).
  public var reconstructionShare: Float = 0
  /// γ(t), the time the student's output is re-noised to.
  public var shift = TimeShift()
  /// k, how often the teacher is asked for a target.
  public var teacherEvaluations = 4
  /// w of classifier-free guidance in the target; 1 for none.
  public var guidanceScale: Float = 1.25

  /// The highest learning rate.
  public var learningRate: Float = 3e-4
  /// Iterations over which the rate grows to its highest.
  public var warmUp = 50
  /// The rate at the end, over the highest.
  public var finalRateShare: Float = 0.1
  /// AdamW's β₁, β₂, weight decay and ε.
  public var optimizer = AdamWSettings()
  /// The largest norm of all gradients together; longer ones are shortened to it.
  public var gradientNorm: Float = 1
  /// The decay of the moving average of the weights that becomes the student; 0 for none.
  public var averageDecay: Float = 0.995

  /// λ, what the adversarial term counts beside the reconstruction; 0 for none.
  public var adversarialWeight: Float = 0
  /// The discriminator's learning rate over the student's.
  public var discriminatorRateShare: Float = 5
  /// The lowest t_D over T: how little the discriminator's images are noised.
  public var discriminatorLow: Float = 0
  /// The highest t_D over T.
  public var discriminatorHigh: Float = 0.5

  /// Whether weights and activations are quantized to int8 in the forward pass.
  public var quantizes = false
  /// In how many segments activations are computed a second time instead of kept; 0 to keep all.
  public var segments = 0

  /// The defaults.
  public init() {}
}

/// Where the student's inputs come from.
public enum TrajectorySource: String, Codable, CaseIterable, Sendable {
  /// The student's own steps from noise: backward distillation (section 3.1 of the paper).
  case backward
  /// Noised real images: forward distillation, the control.
  case forward
}

/// AdamW's settings (Loshchilov and Hutter, 2019).
public struct AdamWSettings: Hashable, Sendable {
  /// The decay of the gradients' mean.
  public var beta1: Float = 0.9
  /// The decay of their squares' mean.
  public var beta2: Float = 0.99
  /// What each weight loses in an iteration, times the rate.
  public var weightDecay: Float = 0.01
  /// What is added to the root of the squares' mean.
  public var epsilon: Float = 1e-8

  /// The defaults.
  public init() {}
}
