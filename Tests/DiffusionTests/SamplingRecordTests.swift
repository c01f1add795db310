import Diffusion
import Testing

@Suite("What a scheduler's configuration records of the sampling")
struct SamplingRecordTests {
  private func record(_ text: String) throws -> SamplingRecord {
    try SamplingRecord(Array(text.utf8), file: "c.json")
  }

  @Test("nothing recorded corrects the noise; a sampler alone does not; a record says so itself")
  func defaults() throws {
    #expect(try record("{}").effectiveCorrection)
    #expect(try !record(#"{"sampler": "few-step"}"#).effectiveCorrection)
    #expect(try !record(#"{"noise_correction": false}"#).effectiveCorrection)
    let whole = try record(#"{"sampler": "few-step", "noise_correction": true}"#)
    #expect(whole == SamplingRecord(method: .fewStep, correctsNoise: true))
  }

  @Test("values of another form are refused by key")
  func refusals() {
    for text in [#"{"noise_correction": "yes"}"#, #"{"sampler": "dream"}"#, "[]"] {
      #expect(throws: DiffusionError.self) { try record(text) }
    }
  }

  @Test("writing a record replaces the old one and keeps every other key as it was written")
  func writing() throws {
    let old = #"{"_class_name":"DDIMScheduler","noise_correction":false,"beta_end":1.20e-2}"#
    let bytes = try SamplingRecord(method: .fewStep, correctsNoise: true)
      .written(into: Array(old.utf8), file: "c.json")
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"_class_name":"DDIMScheduler","beta_end":1.20e-2,"sampler":"few-step","#
        + #""noise_correction":true}"#)
    let configuration = try SchedulerConfiguration(bytes, file: "c.json")
    #expect(configuration.keysWithoutMeaning.isEmpty)
  }
}
