import Testing
import Verification

@Suite("Statistics of a report")
struct StatisticsTests {
  // scipy.stats.t.ppf(0.975, [1, 2, 3, 5, 10, 30, 100]), scipy 1.17.
  @Test(
    "Student's quantiles agree with scipy's",
    arguments: [
      (1, 12.706204736), (2, 4.302652730), (3, 3.182446305), (5, 2.570581836), (10, 2.228138852),
      (30, 2.042272456), (100, 1.983971519),
    ])
  func student(degrees: Int, expected: Double) {
    // The expansion's error at 3 degrees is the largest.
    let tolerance = degrees < 3 ? 1e-9 : degrees < 10 ? 2e-3 : 1e-5
    let found = Quantile.student(0.975, degrees: degrees)
    #expect(abs(found - expected) <= tolerance * expected, "\(found)")
  }

  // scipy.stats.beta.ppf(0.95, k + 1, n - k) is the one-sided Clopper-Pearson bound.
  @Test(
    "the failure rate's bound agrees with scipy's beta quantile",
    arguments: [
      (0, 4, 0.527129196), (0, 59, 0.049507610), (1, 20, 0.216106164), (3, 100, 0.075710794),
    ])
  func bound(failed: Int, count: Int, expected: Double) {
    let found = FailureRate(failed: failed, count: count).upperBound(confidence: 0.95)
    #expect(abs(found - expected) < 1e-6, "\(found)")
    #expect(FailureRate(failed: count, count: count).upperBound(confidence: 0.95) == 1)
  }

  @Test("mean, worst sample and interval follow the metric's direction")
  func statistic() throws {
    let subject = Reports.image
    let values: [[Metric: Double]] = [
      [.psnr: 40, .relativeL2: 0.1], [.psnr: 44, .relativeL2: 0.3],
    ]
    let measurements = values.enumerated().map {
      Measurement(subject: subject, sample: $0, values: $1)
    }
    let statistics = Statistic.all(of: subject, measurements, confidence: 0.95)
    #expect(statistics.map(\.metric) == [.psnr, .relativeL2])
    #expect(statistics.map(\.worstSample) == [0, 1])
    #expect(statistics[0].mean == 42)
    // Half the interval: t(1) * standard deviation / sqrt(2) = 12.7062 * 2.
    let interval = try #require(statistics[0].interval)
    #expect(abs(interval.high - 42 - 25.412409) < 1e-5)
  }
}
