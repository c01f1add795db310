extension DistillationSettings {
  /// Checks that every setting lies in its range.
  ///
  /// - Parameter timestepCount: T, how many training timesteps the schedule has.
  /// - Throws: `DistillationError.setting`.
  public func check(timestepCount: Int) throws(DistillationError) {
    try Self.require(
      !steps.isEmpty && steps.allSatisfy { (1..<max(2, timestepCount)).contains($0) }, "steps",
      "numbers from 1 to \(timestepCount - 1)", "\(steps)")
    try Self.require(
      (1...10_000_000).contains(iterations), "iterations", "1 to 10000000", "\(iterations)")
    try Self.require((1...65_536).contains(batch), "batch", "1 to 65536", "\(batch)")
    try Self.require(
      (1...1000).contains(teacherEvaluations), "teacher_evaluations", "1 to 1000",
      "\(teacherEvaluations)")
    try Self.require(
      guidanceScale.isFinite && guidanceScale.magnitude <= 1000, "guidance_scale",
      "a number up to 1000", "\(guidanceScale)")
    try checkShares()
    try checkOptimizer()
  }

  private func checkShares() throws(DistillationError) {
    for (name, value) in [
      ("shift_low", shift.low), ("shift_high", shift.high),
      ("reconstruction_share", reconstructionShare),
      ("final_rate_share", finalRateShare), ("discriminator_low", discriminatorLow),
      ("discriminator_high", discriminatorHigh),
    ] {
      try Self.require((0...1).contains(value), name, "0 to 1", "\(value)")
    }
    try Self.require(
      discriminatorLow <= discriminatorHigh, "discriminator_low", "at most discriminator_high",
      "\(discriminatorLow)")
    for (name, value) in [
      ("average_decay", averageDecay), ("beta1", optimizer.beta1), ("beta2", optimizer.beta2),
    ] {
      try Self.require(value >= 0 && value < 1, name, "0 to below 1", "\(value)")
    }
  }

  private func checkOptimizer() throws(DistillationError) {
    for (name, value) in [
      ("learning_rate", learningRate), ("gradient_norm", gradientNorm),
      ("epsilon", optimizer.epsilon),
    ] {
      try Self.require(value > 0 && value.isFinite, name, "a positive number", "\(value)")
    }
    for (name, value) in [
      ("adversarial_weight", adversarialWeight),
      ("discriminator_rate_share", discriminatorRateShare),
    ] {
      try Self.require(value >= 0 && value.isFinite, name, "0 or more", "\(value)")
    }
    let decay = optimizer.weightDecay
    try Self.require(
      decay >= 0 && decay.isFinite, "weight_decay", "0 or more", "\(decay)")
    try Self.require(
      (0...10_000_000).contains(warmUp), "warm_up", "0 to 10000000", "\(warmUp)")
    try Self.require((0...100_000).contains(segments), "segments", "0 to 100000", "\(segments)")
  }

  private static func require(
    _ condition: Bool, _ name: String, _ expected: String, _ found: String
  ) throws(DistillationError) {
    guard condition else { throw .setting(name: name, expected: expected, found: found) }
  }
}
