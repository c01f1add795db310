/// The schedulers of diffusers whose configurations are read.
public enum SchedulerClass: String, CaseIterable, Sendable {
  case ddim = "DDIMScheduler"
  case euler = "EulerDiscreteScheduler"
  case dpmSolver = "DPMSolverMultistepScheduler"
  case lcm = "LCMScheduler"
  case flowMatchEuler = "FlowMatchEulerDiscreteScheduler"
}

extension SchedulerClass {
  /// The name on the command line.
  public var shortName: String {
    switch self {
    case .ddim: "ddim"
    case .euler: "euler"
    case .dpmSolver: "dpm++"
    case .lcm: "lcm"
    case .flowMatchEuler: "flow-euler"
    }
  }

  /// The keys that mean something to the class.
  var keys: Set<String> {
    let schedule: Set<String> = [
      "num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "trained_betas",
      "prediction_type", "rescale_betas_zero_snr",
    ]
    let thresholding: Set<String> = [
      "thresholding", "dynamic_thresholding_ratio", "sample_max_value",
    ]
    let spacing: Set<String> = ["timestep_spacing", "steps_offset"]
    let sigmas: Set<String> = [
      "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "sigma_min", "sigma_max",
    ]
    let clipping = thresholding.union(["clip_sample", "clip_sample_range"])
    switch self {
    case .ddim: return schedule.union(clipping).union(spacing).union(["set_alpha_to_one"])
    case .euler:
      return schedule.union(spacing).union(sigmas).union([
        "interpolation_type", "timestep_type", "final_sigmas_type",
      ])
    case .dpmSolver:
      return schedule.union(thresholding).union(spacing).union(sigmas).union([
        "solver_order", "algorithm_type", "solver_type", "lower_order_final", "euler_at_final",
        "use_lu_lambdas", "use_flow_sigmas", "flow_shift", "final_sigmas_type",
        "lambda_min_clipped", "variance_type", "use_dynamic_shifting", "time_shift_type",
      ])
    case .lcm:
      return schedule.union(clipping).union(spacing).union([
        "original_inference_steps", "set_alpha_to_one", "timestep_scaling",
      ])
    case .flowMatchEuler:
      return sigmas.union([
        "num_train_timesteps", "shift", "use_dynamic_shifting", "base_shift", "max_shift",
        "base_image_seq_len", "max_image_seq_len", "invert_sigmas", "shift_terminal",
        "time_shift_type", "stochastic_sampling",
      ])
    }
  }

  /// The keys of any scheduler of diffusers: one class's configuration is often written from
  /// another's, with keys that mean nothing to it.
  static let allKeys: Set<String> = allCases.reduce([
    "skip_prk_steps", "predict_x0", "disable_corrector", "solver_p", "noise_sampler_seed",
    "rescale_sigmas", "s_noise", "eta", "gamma", "max_beta",
  ]) { $0.union($1.keys) }
}
