import Diffusion
import Distillation
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite struct TrainingTests {
  @Test("settings read from YAML are those written; unknown keys and bad values are refused")
  func settings() throws {
    var settings = try DistillationSettings(yaml: "steps: [3]\nshift: linear\nlearning_rate: 0.001")
    #expect(settings.steps == [3])
    #expect(settings.shift.form == .linear)
    #expect(settings.learningRate == 0.001)
    #expect(settings.batch == 32)
    #expect(try DistillationSettings(yaml: settings.yaml) == settings)
    #expect(throws: DistillationError.self) { try DistillationSettings(yaml: "stepz: 3") }
    #expect(throws: DistillationError.self) { try DistillationSettings(yaml: "steps: [") }
    settings.steps = [0]
    #expect(throws: DistillationError.self) { try settings.check(timestepCount: 1000) }
  }

  @Test("γ is the identity, or the line from low · T at T / 3 to high · T at T")
  func shift() {
    var shift = TimeShift()
    #expect(shift(333, last: 999) == 333)
    shift.form = .linear
    #expect(shift(333, last: 999) == 200)
    #expect(shift(666, last: 999) == 500)
    #expect(shift(999, last: 999) == 799)
  }

  @Test("the rate warms up and decays")
  func rate() {
    var settings = DistillationSettings()
    settings.learningRate = 2e-4
    #expect(settings.rate(at: 0) == 2e-4 / 50)
    #expect(settings.rate(at: 49) == 2e-4)
    #expect(settings.rate(at: 50) == 2e-4)
    #expect(abs(settings.rate(at: 599) / 2e-4 - 0.1) < 0.01)
  }

  @Test("AdamW gives PyTorch's numbers")
  func adamW() throws {
    // torch.optim.AdamW([θ], lr=0.1, betas=(0.9, 0.99), weight_decay=0.01), gradients θ², twice.
    var settings = AdamWSettings()
    settings.beta2 = 0.99
    var theta = [try Tensor([1, -2, 0.5] as [Float])]
    var optimizer = try AdamW(settings, like: theta)
    for step in 1...2 {
      let gradient = try Tensor(theta[0].array(of: Float.self).map { $0 * $0 })
      theta = try optimizer.step(theta, [gradient], scale: 1, rate: 0.1, step: step)
    }
    // The same formulas in double precision by hand.
    var exact: [Double] = [1, -2, 0.5]
    var (m, v) = ([0.0, 0, 0], [0.0, 0, 0])
    for step in 1...2 {
      for index in exact.indices {
        let g = exact[index] * exact[index]
        m[index] = 0.9 * m[index] + 0.1 * g
        v[index] = 0.99 * v[index] + 0.01 * g * g
        let (b1, b2) = step == 1 ? (0.1, 0.01) : (1 - 0.81, 1 - 0.9801)
        exact[index] *= 1 - 0.1 * 0.01
        exact[index] -= 0.1 * (m[index] / b1) / ((v[index] / b2).squareRoot() + 1e-8)
      }
    }
    for (found, expected) in zip(theta[0].array(of: Float.self), exact) {
      #expect(abs(Double(found) - expected) < 1e-5)
    }
  }

  @Test(
    "a training that goes on from its state ends in the same bits; the loss's gradient descends")
  func resume() throws {
    var settings = DistillationSettings()
    settings.iterations = 4
    settings.batch = 2
    settings.steps = [2]
    settings.teacherEvaluations = 1
    settings.adversarialWeight = 0.01
    let whole = try Self.distiller(settings)
    for _ in 0..<4 { _ = try whole.iterate() }
    let first = try Self.distiller(settings)
    for _ in 0..<2 { _ = try first.iterate() }
    let state = first.state
    let stored = TensorSet(state.tensors)
    let second = try Self.distiller(settings)
    try second.restore(
      DistillationState(iteration: state.iteration, like: second.state, from: stored))
    for _ in 0..<2 { _ = try second.iterate() }
    for (a, b) in zip(whole.result, second.result) {
      #expect(a.array(of: Float.self) == b.array(of: Float.self))
    }
    #expect(whole.iteration == second.iteration)
    let heads = [whole, second].map { $0.state.discriminator?.parameters ?? [] }
    #expect(!heads[0].isEmpty)
    for (a, b) in zip(heads[0], heads[1]) {
      #expect(a.array(of: Float.self) == b.array(of: Float.self))
    }
  }

  @Test(
    "each prediction's estimate changes with the prediction as its slope says",
    arguments: Prediction.allCases)
  func slopes(prediction: Prediction) throws {
    var settings = DistillationSettings()
    settings.batch = 1
    settings.steps = [1]
    settings.teacherEvaluations = 2
    let distiller = try Self.distiller(settings, prediction)
    let report = try distiller.iterate()
    #expect(report.loss.isFinite && report.gradientNorm > 0)
  }

  @Test("backward distillation of a student that is worse than its teacher lowers the loss")
  func descends() throws {
    var settings = DistillationSettings()
    settings.batch = 4
    settings.steps = [1]
    settings.teacherEvaluations = 1
    settings.guidanceScale = 1
    settings.reconstructionShare = 1
    settings.warmUp = 0
    settings.learningRate = 2e-3
    settings.iterations = 8
    let distiller = try Self.distiller(settings)
    var losses: [Float] = []
    for _ in 0..<8 { losses.append(try distiller.iterate().loss) }
    #expect(losses[6...7].reduce(0, +) < losses[0...1].reduce(0, +))
  }

  @Test("with weights and activations of 8 bits the prediction stays near, and gradients pass")
  func quantizationAware() throws {
    var settings = DistillationSettings()
    settings.batch = 2
    settings.steps = [1]
    settings.teacherEvaluations = 1
    let noise = try Tensor((0..<512).map { Float(($0 &* 7919) % 199) / 100 - 1 }, [2, 1, 16, 16])
    let plain = try Self.distiller(settings)
    settings.quantizes = true
    let quantized = try Self.distiller(settings)
    let outputs = try [plain, quantized].map {
      try $0.sample(noise, rows: [3, 4], steps: 1, correctsNoise: false).array(of: Float.self)
    }
    let size = outputs[0].reduce(0) { $0 + $1 * $1 }
    let distance = zip(outputs[0], outputs[1]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(distance > 0)
    #expect(distance < 0.1 * size)
    let before = quantized.student.parameters.map { $0.array(of: Float.self) }
    #expect(try quantized.iterate().gradientNorm > 0)
    #expect(quantized.student.parameters.map { $0.array(of: Float.self) } != before)
  }

  /// The digits' noise schedule.
  static let schedule = NoiseSchedule(.scaledLinear(start: 0.00085, end: 0.012), count: 1000)

  /// A training on the digits with two copies of the student's network.
  static func distiller(
    _ settings: DistillationSettings, _ prediction: Prediction = .epsilon,
    group: any ProcessGroup = SingleProcess()
  ) throws -> Distiller {
    let network = try DigitsNetwork()
    let labels = try Tensor(zeros: .int64, Shape([settings.batch]))
    return try Distiller(
      settings: settings,
      student: Student(
        network.graph, weights: network.weights, image: Shape([settings.batch, 1, 16, 16]),
        conditions: ["class_labels": labels], quantizes: settings.quantizes),
      teacher: Teacher(
        network.graph, weights: network.weights, schedule: schedule, prediction: prediction,
        guidanceScale: settings.guidanceScale),
      conditions: Conditions(classes: 10), image: [1, 16, 16],
      discriminator: settings.adversarialWeight > 0
        ? Discriminator(
          network.graph, weights: network.weights, schedule: schedule,
          image: Shape([settings.batch, 1, 16, 16]), conditions: ["class_labels": labels],
          settings: settings) : nil, group: group)
  }
}
