import Yams

extension DistillationSettings: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case steps, iterations, batch, seed, trajectory, segments
    case correctsRolloutNoise = "noise_correction_in_rollout"
    case shift
    case shiftLow = "shift_low"
    case shiftHigh = "shift_high"
    case reconstructionShare = "reconstruction_share"
    case teacherEvaluations = "teacher_evaluations"
    case guidanceScale = "guidance_scale"
    case adversarialWeight = "adversarial_weight"
    case discriminatorRateShare = "discriminator_rate_share"
    case discriminatorLow = "discriminator_low"
    case discriminatorHigh = "discriminator_high"
    case learningRate = "learning_rate"
    case warmUp = "warm_up"
    case finalRateShare = "final_rate_share"
    case beta1, beta2, epsilon
    case weightDecay = "weight_decay"
    case gradientNorm = "gradient_norm"
    case averageDecay = "average_decay"
    case quantizes = "quantize_int8"
  }

  /// How one key is read and written.
  private struct Field {
    let read: (inout DistillationSettings, KeyedDecodingContainer<Key>) throws -> Void
    let write: (DistillationSettings, inout KeyedEncodingContainer<Key>) throws -> Void

    init<Value: Codable>(_ key: Key, _ path: WritableKeyPath<DistillationSettings, Value>) {
      read = { settings, values in
        settings[keyPath: path] =
          try values.decodeIfPresent(Value.self, forKey: key) ?? settings[keyPath: path]
      }
      write = { settings, values in try values.encode(settings[keyPath: path], forKey: key) }
    }
  }

  /// All keys, in the order they are written.
  private static var fields: [Field] {
    [
      Field(.steps, \.steps), Field(.iterations, \.iterations), Field(.batch, \.batch),
      Field(.seed, \.seed), Field(.trajectory, \.trajectory),
      Field(.correctsRolloutNoise, \.correctsRolloutNoise),
      Field(.reconstructionShare, \.reconstructionShare),
      Field(.shift, \.shift.form), Field(.shiftLow, \.shift.low),
      Field(.shiftHigh, \.shift.high),
      Field(.teacherEvaluations, \.teacherEvaluations), Field(.guidanceScale, \.guidanceScale),
      Field(.adversarialWeight, \.adversarialWeight),
      Field(.discriminatorRateShare, \.discriminatorRateShare),
      Field(.discriminatorLow, \.discriminatorLow),
      Field(.discriminatorHigh, \.discriminatorHigh), Field(.learningRate, \.learningRate),
      Field(.warmUp, \.warmUp), Field(.finalRateShare, \.finalRateShare),
      Field(.beta1, \.optimizer.beta1), Field(.beta2, \.optimizer.beta2),
      Field(.epsilon, \.optimizer.epsilon), Field(.weightDecay, \.optimizer.weightDecay),
      Field(.gradientNorm, \.gradientNorm), Field(.averageDecay, \.averageDecay),
      Field(.quantizes, \.quantizes), Field(.segments, \.segments),
    ]
  }

  /// Reads settings; keys that are absent keep their defaults.
  public init(from decoder: any Decoder) throws {
    self.init()
    let values = try decoder.container(keyedBy: Key.self)
    for field in Self.fields { try field.read(&self, values) }
  }

  /// Writes all settings, in a fixed order.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    for field in Self.fields { try field.write(self, &values) }
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
