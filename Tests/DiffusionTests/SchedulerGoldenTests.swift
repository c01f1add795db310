import Diffusion
import Tensors
import TestSupport
import Testing

@Suite(.enabled(if: SchedulerGoldens.isThere, "needs ../shared/goldens"))
struct SchedulerGoldenTests {
  /// The issue's tolerance, over the result's range where that is above 1.
  static let tolerance: Float = 1e-5
  let goldens: SchedulerGoldens

  init() throws { goldens = try SchedulerGoldens() }

  @Test func drawsEqualTorchBitForBit() throws {
    let names = goldens.names.filter { $0.hasPrefix("randn.") }
    #expect(names.count == 24)
    for name in names {
      let parts = name.split(separator: ".")
      let seed = try #require(UInt64(parts[1].dropFirst(4)))
      let count = try #require(Int(parts[2].dropFirst(1)))
      var generator = TorchGenerator(seed: seed)
      let expected = try #require(try goldens.tensor(name)).array(of: Float.self)
      #expect(
        generator.normals(count).map(\.bitPattern) == expected.map(\.bitPattern), "\(name)")
    }
  }

  @Test func timestepsAndSchedulesEqualThoseOfDiffusers() throws {
    for (name, bytes) in goldens.configurations {
      let configuration = try SchedulerConfiguration(bytes, file: name)
      let expected = try #require(try goldens.tensor("\(name).alphas_cumprod"))
        .array(of: Double.self)
      let found = try #require(configuration.schedule).alphasCumprod
      for (left, right) in zip(found, expected) {
        #expect(abs(Double(left) - right) <= Double(Self.tolerance), "\(name)")
      }
      for steps in [1, 2, 3, 4, 25] {
        let timesteps = try #require(try goldens.tensor("\(name).\(steps).timesteps"))
        #expect(
          try configuration.sampler(steps: steps).timesteps.map(Double.init)
            == timesteps.array(of: Double.self), "\(name), \(steps) steps")
      }
    }
  }

  @Test func wholeSamplingsEndWhereThoseOfDiffusersDo() throws {
    var count = 0
    for (name, bytes) in goldens.configurations {
      let configuration = try SchedulerConfiguration(bytes, file: name)
      for steps in [1, 2, 3, 4, 25] {
        let start = try #require(try goldens.tensor("\(name).\(steps).x0"))
        let expected = try #require(try goldens.tensor("\(name).\(steps).final"))
        let sampler = StartingPoint(base: try configuration.sampler(steps: steps))
        var generator = TorchGenerator(seed: 0)
        let found = try Trajectory(sampler: sampler, denoiser: StandInModel())
          .walk(from: start, using: &generator)
        let values = expected.array(of: Float.self)
        let range = max(1, (values.max() ?? 0) - (values.min() ?? 0))
        for (left, right) in zip(found.array(of: Float.self), values) {
          #expect(abs(left - right) <= Self.tolerance * range, "\(name), \(steps) steps")
        }
        count += 1
      }
    }
    #expect(count == 35)
  }

  @Test func lcmTimestepsEqualThoseOfDiffusers() throws {
    let expected = try #require(try goldens.tensor("sd-epsilon.lcm.4.timesteps"))
    let bytes = Array(#"{"_class_name": "LCMScheduler"}"#.utf8)
    let sampler = try SchedulerConfiguration(bytes, file: "lcm").sampler(steps: 4)
    #expect(sampler.timesteps.map(Double.init) == expected.array(of: Double.self))
  }
}

/// A sampler whose first image is given as it is, not as standard normal noise.
private struct StartingPoint: Sampler {
  let base: any Sampler
  var timesteps: [Float] { base.timesteps }
  func modelInput(_ sample: Tensor, at step: Int) throws -> Tensor {
    try base.modelInput(sample, at: step)
  }
  func advance(
    _ state: SamplerState, using generator: inout TorchGenerator
  ) throws -> SamplerMove {
    try base.advance(state, using: &generator)
  }
}
