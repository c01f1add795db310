import Foundation
import Testing

/// Runs the ONNX backend suite's operator cases in `../shared/onnx-node`, or in the folder that
/// `IMGCONV_ONNX_NODE` names, and prints how many passed, failed and are unsupported by operator.
@Suite struct OnnxNodeTests {
  /// The cases' folder; nil where it is absent.
  static let folder: URL? = {
    let environment = ProcessInfo.processInfo.environment
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let shared =
      environment["IMGCONV_SHARED"].map { URL(fileURLWithPath: $0) }
      ?? root.deletingLastPathComponent().appendingPathComponent("shared")
    let folder =
      environment["IMGCONV_ONNX_NODE"].map { URL(fileURLWithPath: $0) }
      ?? shared.appendingPathComponent("onnx-node")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }()

  @Test(.enabled(if: Self.folder != nil, "needs ../shared/onnx-node"))
  func everyCaseGivesTheExpectedOutputsOrIsRefusedAsUnsupported() throws {
    let folder = try #require(Self.folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("test_") }.sorted()
    let wanted = ProcessInfo.processInfo.environment["IMGCONV_ONNX_CASES"]
    var tally = Tally()
    for name in names {
      let nodeCase = NodeCase(folder: folder.appendingPathComponent(name))
      if let wanted, !nodeCase.name.hasPrefix(wanted) { continue }
      tally.add(nodeCase.name, nodeCase.run())
    }
    print(tally.text)
    #expect(tally.failures.isEmpty)
    #expect(tally.passedCount > 0)
  }
}

/// Counts of outcomes by the operator that leads a case's name.
private struct Tally {
  struct Counts {
    var passed = 0
    var failed = 0
    var unsupported = 0
  }

  private var counts: [String: Counts] = [:]
  private(set) var failures: [String] = []
  private var refusals: [String] = []

  var passedCount: Int { counts.values.reduce(0) { $0 + $1.passed } }

  mutating func add(_ name: String, _ outcome: NodeCase.Outcome) {
    let family = String(name.prefix { $0 != "_" })
    switch outcome {
    case .passed: counts[family, default: Counts()].passed += 1
    case .failed(let reason):
      counts[family, default: Counts()].failed += 1
      failures.append("\(name): \(reason)")
    case .unsupported(let reason):
      counts[family, default: Counts()].unsupported += 1
      refusals.append("\(name): \(reason)")
    }
  }

  var text: String {
    var lines = counts.sorted { $0.key < $1.key }.map { family, counts in
      "\(family): \(counts.passed) passed, \(counts.failed) failed, "
        + "\(counts.unsupported) unsupported"
    }
    lines += failures.map { "FAILED \($0)" } + refusals.map { "UNSUPPORTED \($0)" }
    let total = passedCount + failures.count + refusals.count
    lines.append(
      "onnx-node: \(passedCount) of \(total) passed, \(failures.count) failed, "
        + "\(refusals.count) unsupported")
    return lines.joined(separator: "\n")
  }
}
