/// What a budget's choice was made from.
public struct BudgetReport: Sendable {
  /// One layer.
  public struct Layer: Sendable {
    /// The layer's weight.
    public var weight: String
    /// The mean squared error over the squared range of the output where it alone is quantized.
    public var error: Double
    /// The bytes of its weight as integers with scales.
    public var quantizedByteCount: Int
    /// The bytes of its weight in fp16.
    public var keptByteCount: Int
    /// Whether it was chosen to stay in fp16.
    public var isKept: Bool
  }

  /// One choice of layers that was considered.
  public struct Point: Sendable {
    /// How many layers stay in fp16.
    public var keptCount: Int
    /// The bytes of all weights.
    public var byteCount: Int
    /// The PSNR in dB expected if layers' errors add up.
    public var expectedPSNR: Double
    /// The mean PSNR in dB measured; nil where it was not.
    public var measuredPSNR: Double?
    /// Whether this is the choice.
    public var isChosen: Bool
  }

  /// The layers, most worth keeping first.
  public var layers: [Layer]
  /// The choices, fewest layers kept first.
  public var frontier: [Point]
  /// The bytes of all weights before.
  public var originalByteCount: Int
}
