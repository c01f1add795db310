extension ExecutionProfile {
  /// What all steps of one operator, or all runs of one node, took together.
  public struct Total: Sendable {
    /// The operator with its domain.
    public let opType: String
    /// The node; nil for a total over an operator.
    public let node: String?
    /// The outputs' types and shapes at the last run; nil for a total over an operator.
    public let outputs: String?
    /// How many steps there were.
    public internal(set) var count: Int
    /// The time they took, in nanoseconds, without the steps of their bodies.
    public internal(set) var duration: UInt64
  }

  /// The time all steps took, in nanoseconds.
  public var duration: UInt64 { events.reduce(0) { $0 + $1.ownDuration } }

  /// The totals by operator, the longest first; equal ones by name.
  public var operatorTotals: [Total] {
    Self.totals(of: events, by: \.opType) {
      Total(opType: $0.opType, node: nil, outputs: nil, count: 0, duration: 0)
    }
  }

  /// The totals by node, the longest first; equal ones by name.
  public var nodeTotals: [Total] {
    Self.totals(of: events, by: { "\($0.opType) \($0.node)" }) {
      Total(opType: $0.opType, node: $0.node, outputs: $0.outputs, count: 0, duration: 0)
    }
  }

  private static func totals(
    of events: [Event], by key: (Event) -> String, _ make: (Event) -> Total
  ) -> [Total] {
    var totals: [String: Total] = [:]
    for event in events {
      totals[key(event), default: make(event)].count += 1
      totals[key(event)]?.duration += event.ownDuration
    }
    return totals.sorted { ($1.value.duration, $0.key) < ($0.value.duration, $1.key) }.map(\.value)
  }
}
