import Foundation

/// The choices along an order of layers: the first k stay in fp16.
final class BudgetSearch {
  let candidates: [Candidate]
  let originalByteCount: Int
  private let baseByteCount: Int
  private var measured: [Int: Double] = [:]

  /// - Parameter baseByteCount: the bytes of all weights where no layer is kept.
  init(candidates: [Candidate], baseByteCount: Int, originalByteCount: Int) {
    self.candidates = candidates
    self.baseByteCount = baseByteCount
    self.originalByteCount = originalByteCount
  }

  /// The bytes of all weights where the first `count` layers are kept.
  func byteCount(_ count: Int) -> Int {
    candidates.prefix(count).reduce(baseByteCount) {
      $0 + $1.keptByteCount - $1.quantizedByteCount
    }
  }

  /// The most layers that can be kept within `limit` bytes; nil where none is too much already.
  func largestCount(within limit: Int) -> Int? {
    guard byteCount(0) <= limit else { return nil }
    return (0...candidates.count).last { byteCount($0) <= limit }
  }

  /// The PSNR in dB if errors add up.
  func expectedPSNR(_ count: Int) -> Double {
    OutputError.meanPSNR([candidates.dropFirst(count).reduce(0) { $0 + $1.error }])
  }

  /// Keeps a measured PSNR.
  func note(_ decibels: Double, at count: Int) { measured[count] = decibels }

  /// Bytes as a share of the original's.
  func percent(_ bytes: Int) -> String {
    String(format: "size %.1f%%", 100 * Double(bytes) / Double(max(originalByteCount, 1)))
  }

  /// The table of what was considered: every choice up to 64 layers, else those measured and every
  /// sixteenth part.
  func report(chosen: Int) -> BudgetReport {
    let step = max(1, candidates.count / 16)
    let counts = (0...candidates.count).filter { count in
      candidates.count <= 64 || measured[count] != nil || count % step == 0 || count == chosen
    }
    return BudgetReport(
      layers: candidates.enumerated().map { index, candidate in
        BudgetReport.Layer(
          weight: candidate.weight.text, error: candidate.error,
          quantizedByteCount: candidate.quantizedByteCount,
          keptByteCount: candidate.keptByteCount, isKept: index < chosen)
      },
      frontier: counts.map { count in
        BudgetReport.Point(
          keptCount: count, byteCount: byteCount(count), expectedPSNR: expectedPSNR(count),
          measuredPSNR: measured[count], isChosen: count == chosen)
      }, originalByteCount: originalByteCount)
  }
}
