/// The verdict over a candidate and what it rests on.
public struct Judgement: Hashable, Codable, Sendable {
  /// The verdict.
  public enum Verdict: String, Codable, Hashable, Sendable {
    /// Every limit holds, or is waived.
    case pass
    /// A limit is broken.
    case fail
    /// There are too few samples to tell.
    case undecided
  }

  /// The verdict.
  public var verdict: Verdict
  /// The limits broken, waived ones among them, in order of the subjects.
  public var findings: [Finding]
  /// Mean, worst value and interval of every metric of every subject.
  public var statistics: [Statistic]
  /// How many samples there are, over all subjects.
  public var sampleCount: Int
  /// How many of them break a limit that is not waived.
  public var failedSamples: Int
  /// The largest rate of failing samples that is compatible with what was seen, with the policy's
  /// confidence.
  public var failureRateBound: Double
  /// What a reader should know besides: how many samples it would take, what a baseline lacks.
  public var notes: [String]

  /// Whether the candidate may be released.
  public var passed: Bool { verdict == .pass }

  /// The findings that count against the candidate.
  public var breaches: [Finding] { findings.filter { $0.waiver == nil } }
}
