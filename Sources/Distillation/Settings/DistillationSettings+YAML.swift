import Yams

extension DistillationSettings: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case steps, iterations, batch, seed, trajectory, target, segments
    case correctsRolloutNoise = "noise_correction_in_rollout"
    case shift, shiftLow = "shift_low", shiftHigh = "shift_high", shiftShare = "shift_share"
    case teacherEvaluations = "teacher_evaluations"
    case guidanceScale = "guidance_scale"
    case learningRate = "learning_rate"
    case warmUp = "warm_up"
    case finalRateShare = "final_rate_share"
    case beta1, beta2, epsilon
    case weightDecay = "weight_decay"
    case gradientNorm = "gradient_norm"
    case averageDecay = "average_decay"
    case quantizes = "quantize_int8"
  }

  /// Reads settings; keys that are absent keep their defaults.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: Key.self)
    func read<Value: Decodable>(_ target: inout Value, _ key: Key) throws {
      target = try values.decodeIfPresent(Value.self, forKey: key) ?? target
    }
    try read(&steps, .steps)
    try read(&iterations, .iterations)
    try read(&batch, .batch)
    try read(&seed, .seed)
    try read(&trajectory, .trajectory)
    try read(&correctsRolloutNoise, .correctsRolloutNoise)
    try read(&target, .target)
    try read(&shift.form, .shift)
    try read(&shift.low, .shiftLow)
    try read(&shift.high, .shiftHigh)
    try read(&shift.share, .shiftShare)
    try read(&teacherEvaluations, .teacherEvaluations)
    try read(&guidanceScale, .guidanceScale)
    try read(&learningRate, .learningRate)
    try read(&warmUp, .warmUp)
    try read(&finalRateShare, .finalRateShare)
    try read(&optimizer.beta1, .beta1)
    try read(&optimizer.beta2, .beta2)
    try read(&optimizer.epsilon, .epsilon)
    try read(&optimizer.weightDecay, .weightDecay)
    try read(&gradientNorm, .gradientNorm)
    try read(&averageDecay, .averageDecay)
    try read(&quantizes, .quantizes)
    try read(&segments, .segments)
  }

  /// Writes all settings, in a fixed order.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(steps, forKey: .steps)
    try values.encode(iterations, forKey: .iterations)
    try values.encode(batch, forKey: .batch)
    try values.encode(seed, forKey: .seed)
    try values.encode(trajectory, forKey: .trajectory)
    try values.encode(correctsRolloutNoise, forKey: .correctsRolloutNoise)
    try values.encode(target, forKey: .target)
    try values.encode(shift.form, forKey: .shift)
    try values.encode(shift.low, forKey: .shiftLow)
    try values.encode(shift.high, forKey: .shiftHigh)
    try values.encode(shift.share, forKey: .shiftShare)
    try values.encode(teacherEvaluations, forKey: .teacherEvaluations)
    try values.encode(guidanceScale, forKey: .guidanceScale)
    try values.encode(learningRate, forKey: .learningRate)
    try values.encode(warmUp, forKey: .warmUp)
    try values.encode(finalRateShare, forKey: .finalRateShare)
    try values.encode(optimizer.beta1, forKey: .beta1)
    try values.encode(optimizer.beta2, forKey: .beta2)
    try values.encode(optimizer.epsilon, forKey: .epsilon)
    try values.encode(optimizer.weightDecay, forKey: .weightDecay)
    try values.encode(gradientNorm, forKey: .gradientNorm)
    try values.encode(averageDecay, forKey: .averageDecay)
    try values.encode(quantizes, forKey: .quantizes)
    try values.encode(segments, forKey: .segments)
  }

  /// Settings out of a YAML text; unknown keys are refused by name.
  ///
  /// - Throws: `DistillationError.settingsFile`.
  public init(yaml: String) throws(DistillationError) {
    do {
      let known = Set(Key.allCases.map(\.rawValue))
      if let loaded = try Yams.load(yaml: yaml) {
        guard let members = loaded as? [String: Any] else {
          throw DistillationError.settingsFile(reason: "expected keys and values")
        }
        if let stranger = members.keys.sorted().first(where: { !known.contains($0) }) {
          throw DistillationError.settingsFile(reason: "there is no setting \(stranger)")
        }
        self = try YAMLDecoder().decode(Self.self, from: yaml)
      } else {
        self.init()
      }
    } catch let error as DistillationError {
      throw error
    } catch {
      throw .settingsFile(reason: "\(error)")
    }
  }

  /// The settings as YAML, every key stated.
  public var yaml: String { (try? YAMLEncoder().encode(self)) ?? "" }
}
