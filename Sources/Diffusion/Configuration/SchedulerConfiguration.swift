import FileIO

/// The configuration of a scheduler of diffusers (`scheduler_config.json`): the noise schedule, what
/// the model predicts, and the settings of its sampler.
///
/// Every key is honoured, or named in `keysWithoutMeaning` where it belongs to other classes of
/// schedulers, or refused by name. Defaults are the class's own in diffusers 0.42.
public struct SchedulerConfiguration: Sendable {
  /// The class that the configuration is for.
  public let schedulerClass: SchedulerClass
  /// What the model predicts; for flow matching, where the schedule has no say, `.velocity`.
  public let prediction: Prediction
  /// The noise schedule; nil for flow matching.
  public let schedule: NoiseSchedule?
  /// Keys that mean nothing to the class.
  public let keysWithoutMeaning: [String]
  let settings: SchedulerSettings

  /// Reads the configuration in `bytes`.
  ///
  /// - Parameters:
  ///   - bytes: the JSON text.
  ///   - file: the name of the file, for messages.
  ///   - override: the class to read it for; nil for the class that it names. Keys of the named
  ///     class then may lose their meaning, as with `from_config` in diffusers.
  /// - Throws: `DiffusionError` naming file and key.
  public init(
    _ bytes: [UInt8], file: String, as override: SchedulerClass? = nil
  ) throws(DiffusionError) {
    settings = try SchedulerSettings(bytes, file: file)
    let chosen: SchedulerClass
    if let override { chosen = override } else { chosen = try Self.namedClass(settings) }
    schedulerClass = chosen
    let foreign = settings.keys.filter {
      !chosen.keys.contains($0) && !SamplingRecord.keys.contains($0)
    }
    if let unknown = foreign.first(where: { !SchedulerClass.allKeys.contains($0) }) {
      throw .unknownKey(file: file, key: unknown, className: chosen.rawValue)
    }
    keysWithoutMeaning = foreign
    let isFlow = chosen == .flowMatchEuler
    prediction = isFlow ? .velocity : try Self.prediction(settings, chosen)
    schedule = isFlow ? nil : try Self.schedule(settings, chosen)
  }
}

extension SchedulerConfiguration {
  /// The largest number of training timesteps that is believed.
  static let maximumTimesteps = 1_000_000

  /// The name of the class in the text, whether or not it is supported.
  public static func className(_ bytes: [UInt8], file: String) throws(DiffusionError) -> String? {
    try SchedulerSettings(bytes, file: file).raw("_class_name")?.string
  }

  private static func namedClass(
    _ settings: SchedulerSettings
  ) throws(DiffusionError) -> SchedulerClass {
    guard let name = settings.raw("_class_name")?.string else {
      throw .configuration(file: settings.file, reason: "_class_name: expected a text")
    }
    guard let found = SchedulerClass(rawValue: name) else {
      throw .unsupported(
        file: settings.file, what: "_class_name", found: name,
        supported: SchedulerClass.allCases.map(\.rawValue))
    }
    return found
  }

  private static func prediction(
    _ settings: SchedulerSettings, _ schedulerClass: SchedulerClass
  ) throws(DiffusionError) -> Prediction {
    let text = settings.raw("prediction_type")?.string
    // Older names of the same things.
    if schedulerClass == .euler, text == "original_sample" { return .sample }
    if schedulerClass == .dpmSolver, text == "flow_prediction" { return .velocity }
    return try settings.choice("prediction_type", default: .epsilon)
  }

  private enum BetaName: String, CaseIterable {
    case linear
    case scaledLinear = "scaled_linear"
    case squaredCosine = "squaredcos_cap_v2"
  }

  private static func schedule(
    _ settings: SchedulerSettings, _ schedulerClass: SchedulerClass
  ) throws(DiffusionError) -> NoiseSchedule {
    let isLCM = schedulerClass == .lcm
    let count = try settings.int(
      "num_train_timesteps", default: 1000, in: 1...maximumTimesteps)
    let start = try settings.double("beta_start", default: isLCM ? 0.00085 : 0.0001, in: 0...1)
    let end = try settings.double("beta_end", default: isLCM ? 0.012 : 0.02, in: 0...1)
    let name = try settings.choice(
      "beta_schedule", default: isLCM ? BetaName.scaledLinear : .linear)
    let rescales = try settings.bool("rescale_betas_zero_snr", default: false)
    var betas: BetaSchedule
    switch name {
    case .linear: betas = .linear(start: start, end: end)
    case .scaledLinear: betas = .scaledLinear(start: start, end: end)
    case .squaredCosine: betas = .squaredCosine
    }
    if let trained = try settings.doubles("trained_betas", in: 0...1) {
      guard trained.count == count else {
        throw .key(
          file: settings.file, key: "trained_betas", expected: "\(count) numbers, one a timestep",
          found: "\(trained.count)")
      }
      betas = .trained(trained)
    }
    let schedule = NoiseSchedule(betas, count: count, rescalesToZeroTerminalSNR: rescales)
    let raises = rescales && (schedulerClass == .euler || schedulerClass == .dpmSolver)
    return raises ? schedule.withFiniteRatios : schedule
  }
}
