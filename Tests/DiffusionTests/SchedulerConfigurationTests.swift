import Diffusion
import Testing

@Suite struct SchedulerConfigurationTests {
  private func read(
    _ text: String, as schedulerClass: SchedulerClass? = nil
  ) throws -> SchedulerConfiguration {
    try SchedulerConfiguration(Array(text.utf8), file: "s.json", as: schedulerClass)
  }

  @Test func aKeyThatNoSchedulerHasIsRefusedByName() {
    let error = #expect(throws: DiffusionError.self) {
      try read(#"{"_class_name": "DDIMScheduler", "beta_shape": "linear"}"#)
    }
    #expect(error?.description == "s.json: beta_shape: unknown to DDIMScheduler")
  }

  @Test func keysOfOtherClassesAreNamed() throws {
    let configuration = try read(
      #"{"_class_name": "EulerDiscreteScheduler", "skip_prk_steps": true, "clip_sample": false}"#)
    #expect(configuration.keysWithoutMeaning == ["skip_prk_steps", "clip_sample"])
  }

  @Test func anUnknownClassIsRefusedButReadForAnother() throws {
    let text = #"{"_class_name": "PNDMScheduler", "skip_prk_steps": true, "steps_offset": 1}"#
    let error = #expect(throws: DiffusionError.self) { try read(text) }
    #expect(error?.isUnsupported == true)
    let sampler = try read(text, as: .ddim).sampler(steps: 4)
    #expect(sampler.timesteps == [751, 501, 251, 1])
  }

  @Test func infinitiesAreReadAsPythonWritesThem() throws {
    let configuration = try read(
      #"{"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity}"#)
    #expect(try configuration.sampler(steps: 2).timesteps == [999, 500])
  }

  @Test(arguments: [
    #"{"_class_name": "DDIMScheduler", "beta_start": "small"}"#,
    #"{"_class_name": "DDIMScheduler", "beta_start": 2}"#,
    #"{"_class_name": "DDIMScheduler", "num_train_timesteps": 0}"#,
    #"{"_class_name": "DDIMScheduler", "num_train_timesteps": 1e300}"#,
    #"{"_class_name": "DDIMScheduler", "trained_betas": [0.1, 0.2]}"#,
    #"{"_class_name": "DDIMScheduler", "beta_schedule": "cubic"}"#,
    #"{"_class_name": "DDIMScheduler", "prediction_type": 3}"#,
    #"{"_class_name": 3}"#, "[]", "{", "",
  ])
  func wrongValuesAreRefused(_ text: String) {
    #expect(throws: DiffusionError.self) { try read(text) }
  }

  @Test(arguments: [
    #"{"_class_name": "DDIMScheduler", "clip_sample": 1}"#,
    #"{"_class_name": "DDIMScheduler", "timestep_spacing": "even"}"#,
    #"{"_class_name": "DDIMScheduler", "steps_offset": 999999}"#,
    #"{"_class_name": "DPMSolverMultistepScheduler", "solver_order": 4}"#,
    #"{"_class_name": "DPMSolverMultistepScheduler", "variance_type": "learned"}"#,
    #"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver"}"#,
    #"{"_class_name": "LCMScheduler", "original_inference_steps": 1}"#,
    #"{"_class_name": "FlowMatchEulerDiscreteScheduler", "use_dynamic_shifting": true}"#,
  ])
  func settingsThatNoSamplerFollowsAreRefused(_ text: String) throws {
    let configuration = try read(text)
    #expect(throws: DiffusionError.self) { try configuration.sampler(steps: 3) }
  }

  @Test func stepsLieBetweenOneAndTheSchedule() throws {
    let configuration = try read(#"{"_class_name": "DDIMScheduler", "num_train_timesteps": 10}"#)
    #expect(throws: DiffusionError.self) { try configuration.sampler(steps: 0) }
    #expect(throws: DiffusionError.self) { try configuration.sampler(steps: 11) }
    #expect(try configuration.sampler(steps: 10).timesteps.count == 10)
  }
}
