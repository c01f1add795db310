import Diffusion
import FileIO
import ModelGraph
import Tensors

/// Distils a student from a teacher by Imagine Flash (arXiv 2405.05224).
///
/// All random numbers of an iteration follow from the seed and its number, so a training that goes
/// on from its state gives the bits of one that was never stopped.
public final class Distiller {
  /// The settings.
  public let settings: DistillationSettings
  /// The student as it stands.
  public let student: Student
  private let teacher: Teacher
  private let conditions: Conditions
  /// The images of one iteration, those of all processes together.
  private let imageShape: Shape
  /// The processes that share an iteration's images.
  let group: any ProcessGroup
  /// Real images `[K, …]`, for forward distillation.
  let data: Tensor?
  /// For each real image its condition's row.
  private let dataRows: [Int]
  /// For each row of the conditions its real images.
  let imagesByRow: [Int: [Int]]
  /// What tells real images from the student's; nil without the adversarial term.
  let discriminator: Discriminator?
  private var optimizer: AdamW
  private var average: MovingAverage
  private var grids: [Int: [Int]] = [:]
  /// How many iterations are done.
  public private(set) var iteration = 0

  /// Prepares a training.
  ///
  /// - Parameters:
  ///   - image: one image's shape without its batch axis, `[C, H, W]`.
  ///   - data: real images `[K, C, H, W]` and the row of `conditions` for each; for
  ///     `TrajectorySource.forward`, and as the discriminator's real images.
  ///   - discriminator: for the adversarial term.
  ///   - group: the processes that train together; each trains on `batch` images an iteration.
  /// - Throws: `DistillationError`, `DiffusionError.noSignal` where noise is predicted and α_T is 0.
  public init(
    settings: DistillationSettings, student: Student, teacher: Teacher, conditions: Conditions,
    image: Shape, data: (images: Tensor, rows: [Int])? = nil,
    discriminator: Discriminator? = nil, group: any ProcessGroup = SingleProcess()
  ) throws {
    try settings.check(timestepCount: teacher.schedule.count)
    guard settings.trajectory == .backward || data != nil else {
      throw DistillationError.setting(
        name: "trajectory", expected: "backward, or real images for forward", found: "forward")
    }
    self.settings = settings
    self.student = student
    self.teacher = teacher
    self.discriminator = discriminator
    self.conditions = try conditions.fitted(
      to: student.ports, needsUnconditional: settings.guidanceScale != 1)
    self.group = group
    imageShape = try Shape(checking: [settings.batch * group.count] + image.dimensions)
    self.data = data?.images
    dataRows = data?.rows ?? []
    imagesByRow = Dictionary(grouping: dataRows.indices) { [dataRows] in dataRows[$0] }
    if discriminator != nil, data != nil {
      try Self.requireImages(of: self.conditions, imagesByRow)
    }
    optimizer = try AdamW(settings.optimizer, like: student.parameters)
    average = MovingAverage(decay: settings.averageDecay, student.parameters)
    for steps in settings.steps {
      grids[steps] = try FewStepSampler(teacher.schedule, teacher.prediction, steps: steps).grid
    }
  }

  /// The discriminator needs real images of every condition.
  private static func requireImages(
    of conditions: Conditions, _ imagesByRow: [Int: [Int]]
  ) throws(DistillationError) {
    if let missing = (0..<conditions.count).first(where: { imagesByRow[$0] == nil }) {
      throw .tensor(
        name: "labels", expected: "an image of every condition", found: "none of \(missing)")
    }
  }

  /// The teacher's noise schedule.
  var schedule: NoiseSchedule { teacher.schedule }
}

extension Distiller {
  /// The weights that become the student's: the moving average, or without one the weights.
  public var result: [Tensor] {
    settings.averageDecay > 0 ? average.values : student.parameters
  }

  /// One iteration.
  ///
  /// - Throws: `DistillationError.diverged`, or what the networks throw.
  public func iterate() throws -> IterationReport {
    var generator = TorchGenerator(seed: Self.seed(settings.seed, iteration))
    let steps = settings.steps[generator.integer(below: settings.steps.count)]
    let grid = grids[steps] ?? []
    let place = generator.integer(below: grid.count)
    let t = grid[place]
    let rows = drawRows(&generator)
    let (given, unconditional) = try conditions.rows(group.share(of: rows.conditions))
    let x = try startingImage(grid, place, given, rows.images, &generator)
    let (output, tape) = try student.forward(x, timestep: t, given)
    let estimate = try clean(x, output, at: t)
    let restarts = drawsReconstruction(&generator)
    let shifted = restarts ? settings.shift(t, last: schedule.count - 1) : t
    let start =
      restarts
      ? try schedule.noised(estimate, noise: normals(&generator), timestep: shifted) : x
    let target = try teacher.target(
      from: start, timestep: shifted, evaluations: settings.teacherEvaluations, given,
      unconditional: unconditional)
    var loss = try ReconstructionLoss(estimate, target: target)
    let adversarial = try compete(estimate, target, rows.conditions, given, &loss, &generator)
    let slope = teacher.prediction.estimateSlope(
      alpha: try teacher.schedule.alpha(at: t), sigma: try teacher.schedule.sigma(at: t))
    let gradients = try student.backward(tape, loss.gradient.scaled(by: slope))
    try group.average(gradients)
    let value = try group.average([loss.value])[0]
    let norm = GradientNorm.of(gradients)
    guard value.isFinite, norm.isFinite else {
      throw DistillationError.diverged(iteration: iteration + 1, loss: value)
    }
    let rate = try move(gradients, norm)
    return IterationReport(
      iteration: iteration, steps: steps, timestep: t, shifted: shifted, loss: value,
      gradientNorm: norm, rate: rate, adversarial: adversarial)
  }

  /// Changes the weights; gives back the learning rate.
  private func move(_ gradients: [Tensor], _ norm: Float) throws -> Float {
    let rate = settings.rate(at: iteration)
    student.parameters = try optimizer.step(
      student.parameters, gradients,
      scale: GradientNorm.clippingScale(norm, limit: settings.gradientNorm), rate: rate,
      step: iteration + 1)
    if settings.averageDecay > 0 { try average.add(student.parameters) }
    iteration += 1
    return rate
  }

  /// A seed for iteration `index` (the finalizer of MurmurHash3).
  static func seed(_ seed: UInt64, _ index: Int) -> UInt64 {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(truncatingIfNeeded: index) &+ 1
    state = (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    state = (state ^ (state >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    return state ^ (state >> 33)
  }

  /// Noise for this process's images.
  func normals(_ generator: inout TorchGenerator) throws -> Tensor {
    let whole = try generator.normals(imageShape)
    return group.count == 1 ? whole : try whole.rows(group.share(of: Array(0..<imageShape[0])))
  }

  /// Rows of the conditions and of the real images, for the images of all processes.
  private func drawRows(
    _ generator: inout TorchGenerator
  ) -> (conditions: [Int], images: [Int]) {
    let count = imageShape[0]
    guard settings.trajectory == .forward, let data else {
      return (conditions.draw(count, &generator), [])
    }
    let images = (0..<count).map { _ in generator.integer(below: data.shape[0]) }
    return (conditions.count == 0 ? [] : images.map { dataRows[$0] }, images)
  }

  /// The student's input: x^Θ_{T→t} by its own steps, or a noised real image.
  private func startingImage(
    _ grid: [Int], _ place: Int, _ given: [String: Tensor], _ images: [Int],
    _ generator: inout TorchGenerator
  ) throws -> Tensor {
    let noise = try normals(&generator)
    if settings.trajectory == .forward, let data {
      return try teacher.schedule.noised(
        data.rows(group.share(of: images)), noise: noise, timestep: grid[place])
    }
    var x = noise
    for step in 0..<place {
      let output = try student.predict(
        x, timestep: grid[step], given, parameters: student.parameters)
      let estimate = try clean(x, output, at: grid[step])
      let corrects = settings.correctsRolloutNoise && step == 0
      x = try teacher.schedule.noised(
        estimate, noise: corrects ? noise : try self.noise(x, output, at: grid[step]),
        timestep: grid[step + 1])
    }
    return x
  }

  /// Whether the target starts from the student's estimate, not from its input.
  private func drawsReconstruction(_ generator: inout TorchGenerator) -> Bool {
    Float(generator.integer(below: 1 << 20)) / Float(1 << 20) < settings.reconstructionShare
  }

  private func clean(_ x: Tensor, _ output: Tensor, at t: Int) throws -> Tensor {
    try teacher.prediction.cleanEstimate(
      of: x, output, alpha: teacher.schedule.alpha(at: t), sigma: teacher.schedule.sigma(at: t))
  }

  private func noise(_ x: Tensor, _ output: Tensor, at t: Int) throws -> Tensor {
    try teacher.prediction.noise(
      in: x, output, alpha: teacher.schedule.alpha(at: t), sigma: teacher.schedule.sigma(at: t))
  }
}

extension Distiller {
  /// The clean estimates after the last of `steps` steps, by the weights that become the student's.
  ///
  /// - Parameters:
  ///   - noise: `[N, C, H, W]`, N the settings' batch.
  ///   - rows: a row of the conditions for each image.
  public func sample(
    _ noise: Tensor, rows: [Int], steps: Int, correctsNoise: Bool
  ) throws -> Tensor {
    let sampler = try FewStepSampler(
      teacher.schedule, teacher.prediction, steps: steps, correctsNoise: correctsNoise)
    let given = try conditions.rows(conditions.count == 0 ? [] : rows).given
    var generator = TorchGenerator(seed: 0)
    var x = noise
    for (step, t) in sampler.grid.enumerated() {
      let output = try student.predict(x, timestep: t, given, parameters: result)
      x = try sampler.advance(
        SamplerState(step: step, sample: x, prediction: output), using: &generator
      ).next
    }
    return x
  }

  /// What a training needs to go on: the weights, their average and the optimisers' moments.
  public var state: DistillationState {
    DistillationState(
      iteration: iteration,
      student: OptimizedState(
        names: student.names, parameters: student.parameters, means: optimizer.means,
        squares: optimizer.squares),
      averages: average.values, discriminator: discriminator?.state)
  }

  /// Goes on from `state`, which was read to be like this training's.
  public func restore(_ state: DistillationState) {
    iteration = state.iteration
    student.parameters = state.student.parameters
    average = MovingAverage(decay: settings.averageDecay, state.averages)
    optimizer = AdamW(
      settings.optimizer, means: state.student.means, squares: state.student.squares)
    if let heads = state.discriminator { discriminator?.restore(heads) }
  }
}
