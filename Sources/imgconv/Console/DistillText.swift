import Foundation
import ImgconvKit

/// A distillation in words.
enum DistillText {
  /// How long it took and what came of it.
  static func summary(_ report: DistillReport) -> String {
    let count = report.iterations.count
    let last = report.iterations.suffix(50)
    let loss = last.reduce(0) { $0 + Double($1.loss) } / Double(max(1, last.count))
    var lines = [
      String(
        format: "%d iterations in %.1f s (%.3f s each), mean loss of the last %d: %.5f", count,
        report.seconds, report.seconds / Double(max(1, count)), last.count, loss)
    ]
    if let peak = report.peakMemory {
      lines.append(String(format: "peak memory %.0f MB", Double(peak) / 1e6))
    }
    return (lines + [ArtifactText.summary(report.artifact)]).joined(separator: "\n")
  }
}
