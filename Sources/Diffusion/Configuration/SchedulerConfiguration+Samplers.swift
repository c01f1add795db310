extension SchedulerConfiguration {
  /// The class's own sampler over `steps` steps.
  ///
  /// - Parameters:
  ///   - steps: how often the model is asked, 1 … T.
  ///   - imageSequenceLength: how many tokens the image has, for a flow that is shifted by it.
  ///   - levels: where a flow's noise levels begin and end; nil for even ones where it is shifted by
  ///     the image's size, the training's otherwise.
  /// - Throws: `DiffusionError.setting` for a number of steps that the schedule does not allow, and
  ///   what the class's keys give.
  public func sampler(
    steps: Int, imageSequenceLength: Int? = nil, levels: FlowLevels? = nil
  ) throws(DiffusionError) -> any Sampler {
    let count = try settings.int(
      "num_train_timesteps", default: 1000, in: 1...Self.maximumTimesteps)
    guard (1...count).contains(steps) else {
      throw .setting(name: "steps", expected: "1 to \(count)", found: "\(steps)")
    }
    if schedulerClass == .flowMatchEuler {
      return try FlowMatchEulerSampler(
        settings, steps: steps, imageSequenceLength: imageSequenceLength, levels: levels)
    }
    guard let schedule else {
      throw .setting(name: "schedule", expected: "a noise schedule", found: "none")
    }
    switch schedulerClass {
    case .ddim: return try DDIMSampler(settings, schedule, prediction, steps: steps)
    case .euler: return try EulerSampler(settings, schedule, prediction, steps: steps)
    case .dpmSolver: return try DPMSolverSampler(settings, schedule, prediction, steps: steps)
    case .lcm, .flowMatchEuler:
      return try LCMSampler(settings, schedule, prediction, steps: steps)
    }
  }

  /// Imagine Flash's sampler of a few steps on this schedule.
  ///
  /// - Throws: `DiffusionError.setting`; `.noSignal` where the schedule and the prediction do not go
  ///   together; `.unsupported` for flow matching.
  public func fewStepSampler(
    steps: Int, correctsNoise: Bool = true
  ) throws(DiffusionError) -> FewStepSampler {
    guard let schedule else {
      throw .unsupported(
        file: settings.file, what: "the few-step sampler on", found: schedulerClass.rawValue,
        supported: SchedulerClass.allCases.filter { $0 != .flowMatchEuler }.map(\.rawValue))
    }
    return try FewStepSampler(
      schedule, prediction, steps: steps, correctsNoise: correctsNoise)
  }
}
