/// What a verification ran.
public struct VerificationSettings: Hashable, Codable, Sendable {
  /// The files of inputs, by name without folder; empty where inputs were drawn.
  public var inputs: [String]
  /// The seed of sample 0; sample k uses seed + k.
  public var seed: UInt64
  /// How many samples the whole verification has, over all shards.
  public var count: Int
  /// How deep it looked.
  public var depths: [Subject.Depth]
  /// The numbers of steps of the trajectories walked.
  public var trajectorySteps: [Int]
  /// The metric networks that looked at the images, by name and digest; nil where none did.
  public var metricNetworks: [String]?

  /// Describes a verification.
  public init(
    inputs: [String] = [], seed: UInt64 = 0, count: Int, depths: [Subject.Depth] = [.outputs],
    trajectorySteps: [Int] = [], metricNetworks: [String]? = nil
  ) {
    self.inputs = inputs
    self.seed = seed
    self.count = count
    self.depths = depths
    self.trajectorySteps = trajectorySteps
    self.metricNetworks = metricNetworks
  }
}
