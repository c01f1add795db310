import Diffusion
import Testing

@Suite struct DiffusionErrorTests {
  @Test func aSettingIsNamedWithWhatWasExpectedAndFound() {
    let error = DiffusionError.setting(name: "beta_schedule", expected: "linear", found: "cubic")
    #expect(error.description == "beta_schedule: expected linear, found cubic")
  }
}
