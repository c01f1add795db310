import Foundation

/// The shared material beside the package: models, goldens, ONNX's backend suite. Absent in a plain
/// clone, where the tests that need it are skipped.
enum SharedFolder {
  static let path: String = {
    if let given = ProcessInfo.processInfo.environment["IMGCONV_SHARED"] { return given }
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    // A work tree may stand one folder deeper than the clone.
    let candidates = ["../shared", "../../shared"].map {
      package.appendingPathComponent($0).standardized.path
    }
    return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? candidates[0]
  }()

  static func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path + "/" + name)
  }
}
