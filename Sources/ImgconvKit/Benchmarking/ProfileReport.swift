import FileIO
import Runtime

/// Where the time of runs went.
public struct ProfileReport: Sendable {
  /// An operator, or a node.
  public struct Row: Sendable {
    /// The operator with its domain.
    public let opType: String
    /// The node; nil in a row of an operator.
    public let node: String?
    /// The types and shapes of the node's outputs; nil in a row of an operator.
    public let outputs: String?
    /// How many steps there were.
    public let count: Int
    /// The time of all of them, in milliseconds, without the steps of their bodies.
    public let milliseconds: Double
    /// The part of the time of all steps (0 … 1).
    public let share: Double
  }

  /// How many nodes `nodes` lists at most.
  public static let nodeLimit = 15

  /// The time of all steps, in milliseconds.
  public let milliseconds: Double
  /// By operator, the longest first.
  public let operators: [Row]
  /// The nodes that took longest.
  public let nodes: [Row]

  init(_ profile: ExecutionProfile) {
    let total = Double(profile.duration) / 1e6
    func row(_ part: ExecutionProfile.Total) -> Row {
      let milliseconds = Double(part.duration) / 1e6
      return Row(
        opType: part.opType, node: part.node, outputs: part.outputs, count: part.count,
        milliseconds: milliseconds, share: total > 0 ? milliseconds / total : 0)
    }
    milliseconds = total
    operators = profile.operatorTotals.map(row)
    nodes = profile.nodeTotals.prefix(Self.nodeLimit).map(row)
  }

  /// Writes `profile` as a Chrome trace to a file that appears whole or not at all.
  static func write(_ profile: ExecutionProfile, to file: OutputFile) throws {
    try file.write(JSONWriter.bytes(ChromeTrace.json(profile.events)))
    try file.publish()
  }
}
