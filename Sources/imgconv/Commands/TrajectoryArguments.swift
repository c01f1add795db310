import ArgumentParser
import ImgconvKit

/// The options of `imgconv verify --trajectory`.
struct TrajectoryArguments: ParsableArguments {
  @Flag(help: "Compare whole generations: every step's prediction and estimate, and the images.")
  var trajectory = false

  @Option(help: "The numbers of steps of the generations, as 1,2,3.")
  var steps = "1,2,3"

  @Option(help: "The reference's guidance scale, where it differs: a teacher's.")
  var referenceGuidance: Float?

  @Option(help: "A scheduler configuration (JSON) to use in place of the candidate's own alone.")
  var candidateScheduler: String?

  @Option(
    help: """
      on or off: whether the candidate's few-step sampler corrects the noise, whatever it records.
      """)
  var candidateNoiseCorrection: Switch?

  @Option(help: "on or off: whether the reference's few-step sampler corrects the noise.")
  var referenceNoiseCorrection: Switch?

  @OptionGroup var prompts: PromptArguments
  @OptionGroup var sampling: SamplingArguments

  mutating func validate() throws {
    let numbers = try NumberList.parse(steps, option: "--steps")
    guard numbers.allSatisfy({ (1...1000).contains($0) }), Set(numbers).count == numbers.count
    else { throw ValidationError("--steps: expected different numbers from 1 to 1000") }
  }

  /// The job over `base`.
  func job(_ base: VerifyJob) throws -> TrajectoryVerifyJob {
    var job = TrajectoryVerifyJob(
      base: base, steps: try NumberList.parse(steps, option: "--steps"),
      options: try sampling.options(steps: 1), referenceGuidance: referenceGuidance,
      conditions: try prompts.conditions(), scheduler: sampling.scheduler,
      extents: prompts.extents)
    job.candidateScheduler = candidateScheduler
    job.candidateCorrection = candidateNoiseCorrection?.isOn
    job.referenceCorrection = referenceNoiseCorrection?.isOn
    return job
  }
}

/// A setting that is on or off.
enum Switch: String, ExpressibleByArgument, CaseIterable {
  case on
  case off

  /// Whether it is on.
  var isOn: Bool { self == .on }
}

/// Whole numbers separated by commas.
enum NumberList {
  /// The numbers of `text`.
  ///
  /// - Throws: `ValidationError` naming `option`.
  static func parse(_ text: String, option: String) throws -> [Int] {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.allSatisfy({ $0 != nil }) else {
      throw ValidationError("\(option): expected whole numbers as 3 or 1,2,3, found \(text)")
    }
    return numbers.compactMap { $0 }
  }
}

/// An image's extents, written `64` or `64x96`.
struct ImageSize: ExpressibleByArgument {
  /// Height and width.
  let extents: (height: Int, width: Int)

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(parts.count), let height = parts[0], let width = parts[parts.count - 1],
      (1...65536).contains(height), (1...65536).contains(width)
    else { return nil }
    extents = (height, width)
  }
}
