import FileIO
import Verification

/// `imgconv report merge`: the parts of a sharded verification into one report.
public struct ReportJob: Sendable {
  /// The partial reports.
  public var paths: [String]
  /// An earlier report that the means must not fall behind; nil for none.
  public var baseline: String?

  /// Describes a merge.
  public init(paths: [String], baseline: String? = nil) {
    self.paths = paths
    self.baseline = baseline
  }

  /// The report of all parts together.
  ///
  /// - Throws: `VerificationError.report`, `.cannotMerge`, `FileIOError`.
  public func merged() throws -> VerificationReport {
    let parts = try paths.map {
      (file: $0.lastComponent, report: try VerificationReport(path: $0))
    }
    return try .merging(
      parts, baseline: try baseline.map { try VerificationReport(path: $0) }, on: VerifyJob.today)
  }
}
