import Foundation

/// What a number of failed samples says about the rate at which samples fail.
public struct FailureRate: Hashable, Sendable {
  /// How many samples failed.
  public let failed: Int
  /// How many there were.
  public let count: Int

  /// `failed` of `count` samples.
  public init(failed: Int, count: Int) {
    precondition(failed >= 0 && failed <= count)
    self.failed = failed
    self.count = count
  }

  /// The largest rate that is compatible with what was seen: the one-sided Clopper–Pearson bound,
  /// the rate p at which `failed` or fewer of `count` happen with probability 1 − `confidence`.
  public func upperBound(confidence: Double) -> Double {
    guard failed < count else { return 1 }
    return Quantile.bisect(0, 1) { cumulative(rate: $0) > 1 - confidence }
  }

  /// How many samples without a failure it takes to show, with `confidence`, that fewer than `rate`
  /// of all fail: ln(1 − confidence) / ln(1 − rate), rounded up.
  public static func sampleCount(rate: Double, confidence: Double) -> Int {
    precondition(rate > 0 && rate < 1 && confidence > 0 && confidence < 1)
    return Int((log(1 - confidence) / log(1 - rate)).rounded(.up))
  }

  /// P(X ≤ failed) for X binomial over `count` trials of probability `rate`.
  private func cumulative(rate: Double) -> Double {
    guard rate > 0 else { return 1 }
    guard rate < 1 else { return 0 }
    return (0...failed).reduce(0) { sum, k in
      let choices =
        lgamma(Double(count) + 1) - lgamma(Double(k) + 1) - lgamma(Double(count - k) + 1)
      return sum + exp(choices + Double(k) * log(rate) + Double(count - k) * log1p(-rate))
    }
  }
}
