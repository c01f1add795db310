/// γ(t): the time to which the student's estimate is re-noised for the teacher (section 3.2 of the
/// paper, which does not give the function; both forms are ours).
public struct TimeShift: Hashable, Sendable {
  /// The form of γ.
  public enum Form: String, Codable, CaseIterable, Sendable {
    /// γ(t) = t.
    case identity
    /// A line in t: `low` · T at t = T / 3, `high` · T at t = T.
    case linear
  }

  /// The form.
  public var form = Form.identity
  /// γ(T / 3) / T of the line.
  public var low: Float = 0.2
  /// γ(T) / T of the line.
  public var high: Float = 0.8

  /// γ(t) = t.
  public init() {}

  /// γ(t) as a timestep of 1 … `last`.
  ///
  /// - Parameters:
  ///   - timestep: t of 0 … `last`.
  ///   - last: T, the last timestep.
  public func callAsFunction(_ timestep: Int, last: Int) -> Int {
    guard form == .linear, last > 0 else { return timestep }
    let place = (Float(timestep) / Float(last) - 1 / 3) * 1.5
    let shifted = (low + (high - low) * place) * Float(last)
    return max(1, min(last, Int(shifted.rounded(.toNearestOrEven))))
  }
}
