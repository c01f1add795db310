import Foundation

/// The timesteps and noise ratios of DPM-Solver's steps.
struct DPMSolverGrid {
  private(set) var timesteps: [Int]
  private(set) var sigmas: [Double]

  init(
    _ settings: SchedulerSettings, _ schedule: NoiseSchedule, _ options: DPMSolverOptions,
    steps: Int
  ) throws(DiffusionError) {
    let table = SigmaTable(schedule)
    timesteps = try Self.timesteps(settings, schedule, table, steps)
    sigmas = timesteps.map { table.sigma(at: Double($0)) }
    let ends = try SigmaEnds(settings)
    let (largest, smallest) = (table.sigmas.last ?? 0, table.sigmas.first ?? 0)
    let spacing = try SigmaSpacing(settings)
    let usesLambdas = try settings.bool("use_lu_lambdas", default: false)
    // Where several are asked for, diffusers' order of precedence.
    if case .karras = spacing {
      take(spacing, Double(largest), Double(smallest), ends, steps)
      take(table, rounds: settings.raw("beta_schedule")?.string != "squaredcos_cap_v2")
    } else if usesLambdas {
      let (first, last) = (table.logarithms.first ?? 0, table.logarithms.last ?? 0)
      sigmas = TimestepGrid.evenly(from: 0, to: 1, steps).map {
        exp(Double(last) + $0 * (Double(first) - Double(last)))
      }
      take(table, rounds: settings.raw("beta_schedule")?.string != "squaredcos_cap_v2")
    } else if case .timesteps = spacing {
      if options.usesFlow { takeFlow(schedule.count, shift: options.flowShift, steps) }
    } else {
      take(spacing, Double(largest), Double(smallest), ends, steps)
      take(table, rounds: false)
    }
  }

  private mutating func take(
    _ spacing: SigmaSpacing, _ largest: Double, _ smallest: Double, _ ends: SigmaEnds, _ steps: Int
  ) {
    sigmas =
      spacing.sigmas(
        from: ends.largest ?? largest, to: ends.smallest ?? smallest, count: steps) ?? sigmas
  }

  /// The timesteps of the noise ratios, rounded half to even or down.
  private mutating func take(_ table: SigmaTable, rounds: Bool) {
    timesteps = sigmas.map { sigma in
      let timestep = table.timestep(of: sigma)
      return rounds ? TimestepGrid.rounded(timestep) : Int(timestep)
    }
  }

  private mutating func takeFlow(_ count: Int, shift: Double, _ steps: Int) {
    let even = TimestepGrid.evenly(from: 1, to: 1 / Double(count), steps + 1).map { 1 - $0 }
    sigmas = even.dropFirst().reversed().map { shift * $0 / (1 + (shift - 1) * $0) }
    timesteps = sigmas.map { Int($0 * Double(count)) }
  }

  private static func timesteps(
    _ settings: SchedulerSettings, _ schedule: NoiseSchedule, _ table: SigmaTable, _ steps: Int
  ) throws(DiffusionError) -> [Int] {
    let least = try settings.double("lambda_min_clipped", default: -.infinity, in: -.infinity...0)
    // log α − log σ, rounded as diffusers does.
    let cut = schedule.alphasCumprod.count { cumprod in
      Double(log(cumprod.squareRoot()) - log((1 - cumprod).squareRoot())) < least
    }
    let last = schedule.count - cut
    let offset = try settings.int(
      "steps_offset", default: 0, in: 0...SchedulerConfiguration.maximumTimesteps)
    switch try settings.choice("timestep_spacing", default: TimestepSpacing.linspace) {
    case .linspace:
      return TimestepGrid.evenly(from: 0, to: Double(last - 1), steps + 1).dropFirst().reversed()
        .map(TimestepGrid.rounded)
    case .leading:
      return TimestepGrid.leading(steps + 1, of: last, offset: offset).dropLast()
    case .trailing: return TimestepGrid.trailing(steps, of: schedule.count, last: last)
    }
  }
}
