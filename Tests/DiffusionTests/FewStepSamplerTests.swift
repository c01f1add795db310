import Diffusion
import Tensors
import Testing

@Suite struct FewStepSamplerTests {
  private let schedule = NoiseSchedule(.scaledLinear(start: 0.00085, end: 0.012), count: 1000)

  @Test func theGridDividesTheScheduleEvenly() throws {
    func grid(_ steps: Int) throws -> [Int] {
      try FewStepSampler(schedule, .epsilon, steps: steps).grid
    }
    #expect(try grid(1) == [999])
    #expect(try grid(2) == [999, 500])
    #expect(try grid(3) == [999, 666, 333])
  }

  @Test func correctionPutsTheTrueNoiseIntoTheFirstStep() throws {
    let noise = try Tensor([Float(0.5), -1], [1, 2])
    let output = try Tensor([Float(0.25), 0.75], [1, 2])
    let state = SamplerState(step: 0, sample: noise, prediction: output)
    var generator = TorchGenerator(seed: 0)
    let plain = try FewStepSampler(schedule, .epsilon, steps: 2, correctsNoise: false)
      .advance(state, using: &generator)
    let corrected = try FewStepSampler(schedule, .epsilon, steps: 2)
      .advance(state, using: &generator)
    // Against plain DDIM, correction adds σ (x_T − ε̂).
    let sigma = try schedule.sigma(at: 500)
    let difference = zip(
      corrected.next.array(of: Float.self), plain.next.array(of: Float.self)
    ).map { $0 - $1 }
    #expect(abs(difference[0] - sigma * 0.25) < 1e-5)
    #expect(abs(difference[1] + sigma * 1.75) < 1e-5)
  }

  @Test func withoutSignalCorrectionChangesNothing() throws {
    let schedule = NoiseSchedule(
      .scaledLinear(start: 0.00085, end: 0.012), count: 1000, rescalesToZeroTerminalSNR: true)
    #expect(schedule.alphasCumprod[999] == 0)
    let state = SamplerState(
      step: 0, sample: try Tensor([Float(0.5), -1], [1, 2]),
      prediction: try Tensor([Float(0.25), 0.75], [1, 2]))
    var generator = TorchGenerator(seed: 0)
    let moves = try [true, false].map { correctsNoise in
      try FewStepSampler(schedule, .velocity, steps: 3, correctsNoise: correctsNoise)
        .advance(state, using: &generator).next.array(of: Float.self)
    }
    #expect(moves[0] == moves[1])
  }

  @Test func noiseCannotBePredictedWhereNoSignalIsLeft() {
    let schedule = NoiseSchedule(
      .scaledLinear(start: 0.00085, end: 0.012), count: 1000, rescalesToZeroTerminalSNR: true)
    let error = #expect(throws: DiffusionError.self) {
      try FewStepSampler(schedule, .epsilon, steps: 3)
    }
    guard case .noSignal(timestep: 999) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [[], [3, 3], [1, 2], [1000, 1], [1, -1]])
  func gridsThatDoNotDescendOrLeaveTheScheduleAreRefused(_ grid: [Int]) {
    #expect(throws: DiffusionError.self) {
      try FewStepSampler(schedule, .epsilon, grid: grid)
    }
  }
}
