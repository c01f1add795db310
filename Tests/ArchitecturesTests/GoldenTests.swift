import TestSupport
import Testing

/// Networks against PyTorch. The tolerance is that of fp32 sums in another order.
@Suite struct GoldenTests {
  private static let tolerance: Float = 2e-5

  /// Each output of each class, so that one left out is noticed.
  private static let outputs: [String: Set<String>] = [
    "unet2d": ["out_sample"], "unet2dcondition": ["out_sample"],
    "autoencoderkl": ["latent_mean", "latent_logvar", "image"],
    "autoencodertiny": ["latent", "image"],
  ]

  @Test("fixtures, stored in fp16", arguments: outputs.keys.sorted())
  func fixtures(name: String) throws {
    let errors = try CheckpointFolder(SharedMaterial.fixture("architectures/\(name)")).errors()
    #expect(Set(errors.keys) == Self.outputs[name])
    for (output, error) in errors { #expect(error <= Self.tolerance, "\(output): \(error)") }
  }

  private static let shared = [
    "unet2d-class", "unet2dcondition-sd15", "unet2dcondition-lcm-fp16",
    "unet2dcondition-sdxl-sharded", "autoencoderkl", "autoencodertiny",
  ].filter { SharedMaterial.has("goldens/\($0)/golden.safetensors") }

  @Test("shared goldens", arguments: shared)
  func sharedGoldens(name: String) throws {
    let errors = try CheckpointFolder(SharedMaterial.path("goldens/\(name)")).errors()
    #expect(!errors.isEmpty)
    for (output, error) in errors { #expect(error <= Self.tolerance, "\(output): \(error)") }
  }
}
