import FileIO
import Foundation

/// One line on a terminal that tells what lasts over a second is doing, replaced as it moves on.
final class ProgressLine {
  private static let patience: Duration = .seconds(1)
  private static let interval: Duration = .milliseconds(100)

  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?
  private let isEnabled: Bool

  /// A line; it stays empty where standard error is no terminal, or `isEnabled` is false.
  init(isEnabled: Bool = true) {
    self.isEnabled = isEnabled && Console.isTerminal
  }

  deinit { clear() }

  /// Shows what is being done.
  func show(_ text: String) {
    let now = ContinuousClock.now
    guard isEnabled, now - start >= Self.patience else { return }
    if let lastDrawn, now - lastDrawn < Self.interval { return }
    lastDrawn = now
    let seconds = Int((now - start).components.seconds)
    Console.write("\r\u{1B}[K\(text.escapedForDisplay(limit: 100)) (\(seconds) s)")
  }

  /// Shows how much of a whole is done, with the time left.
  func show(_ text: String, fraction: Double) {
    let elapsed = ContinuousClock.now - start
    let seconds = Double(elapsed.components.seconds)
    let left = fraction > 0.02 ? Int(seconds / fraction - seconds) : nil
    let percent = Int(fraction * 100)
    show("\(text): \(percent)%" + (left.map { ", \($0) s left" } ?? ""))
  }

  /// Takes the line off the terminal.
  func clear() {
    guard lastDrawn != nil else { return }
    Console.write("\r\u{1B}[K")
    lastDrawn = nil
  }
}
