import ArgumentParser
import Diffusion
import ImgconvKit

/// Options of every command that generates images.
struct SamplingArguments: ParsableArguments {
  @Option(
    help: """
      few-step (Imagine Flash), scheduler (the class its configuration names), ddim, euler, dpm++, \
      lcm or flow-euler; by default what the model records, else few-step for students, \
      scheduler otherwise.
      """)
  var sampler: String?

  @Option(help: "The guidance scale w; 1 for none.")
  var guidance: Float = 1

  @Option(help: "The few-step sampler's timesteps, descending, as 999,666,333.")
  var timesteps: String?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Let the few-step sampler's first step use the true noise, or the predicted one; by default \
      what the model records, else the true one.
      """)
  var noiseCorrection: Bool?

  @Option(help: "A scheduler configuration (JSON) to use in place of the model's own.")
  var scheduler: String?

  mutating func validate() throws {
    guard guidance.isFinite, guidance >= 0 else {
      throw ValidationError("--guidance: expected a number from 0, found \(guidance)")
    }
    _ = try method()
    _ = try grid()
  }

  /// The options over `steps` steps.
  func options(steps: Int) throws -> SamplingOptions {
    SamplingOptions(
      method: try method(), steps: steps, timesteps: try grid(),
      correctsNoise: noiseCorrection, guidance: guidance)
  }

  private func method() throws -> SamplingOptions.Method {
    switch sampler {
    case nil: return .automatic
    case "few-step": return .fewStep
    case "scheduler": return .scheduler
    case let name?:
      guard let found = SchedulerClass.allCases.first(where: { $0.shortName == name }) else {
        let names = SchedulerClass.allCases.map(\.shortName).joined(separator: ", ")
        throw ValidationError("--sampler: expected few-step, scheduler, \(names), found \(name)")
      }
      return .named(found)
    }
  }

  private func grid() throws -> [Int]? {
    try timesteps.map { try NumberList.parse($0, option: "--timesteps") }
  }
}
