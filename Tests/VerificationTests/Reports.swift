import Verification

/// Reports of a made-up verification.
enum Reports {
  static let artifact = ComparedArtifact(name: "a.imgc", digest: "00", byteCount: 1)
  static let image = Subject(component: "vae", graph: "decoder", depth: .outputs, name: "image")
  static let day = CalendarDay("2026-11-24") ?? CalendarDay(.distantPast)

  /// The PSNR of each sample, from `first` on.
  static func measurements(_ psnr: [Double], first: Int = 0) -> [Measurement] {
    psnr.enumerated().map {
      Measurement(subject: image, sample: first + $0, values: [.psnr: $1, .nonFinite: 0])
    }
  }

  /// A report over those samples.
  static func report(
    _ psnr: [Double], first: Int = 0, shard: Shard? = nil, count: Int? = nil,
    policy: GatePolicy = GatePolicy(), baseline: VerificationReport? = nil
  ) throws -> VerificationReport {
    try VerificationReport(
      tool: "test", candidate: artifact, reference: artifact,
      settings: VerificationSettings(count: count ?? psnr.count), shard: shard,
      precisions: ["vae": .int8], policy: policy,
      measurements: measurements(psnr, first: first), baseline: baseline, day: day)
  }
}
