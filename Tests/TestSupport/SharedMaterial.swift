import Foundation

/// The material in `../shared` beside the package (or where `IMGCONV_SHARED` says); absent in a
/// plain clone, where the tests that need it are skipped.
public enum SharedMaterial {
  /// The package's root folder.
  public static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder, whether or not it is there.
  public static let folder: URL = {
    if let given = ProcessInfo.processInfo.environment["IMGCONV_SHARED"] {
      return URL(fileURLWithPath: given)
    }
    // A work tree may stand one folder deeper than a clone.
    let candidates = ["../shared", "../../shared"].map {
      package.appendingPathComponent($0).standardized
    }
    return candidates.first { FileManager.default.fileExists(atPath: $0.path) } ?? candidates[0]
  }()

  /// The path of `name` in the folder.
  public static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Whether `name` is there.
  public static func has(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: path(name))
  }

  /// The path of a fixture committed to the project.
  public static func fixture(_ name: String) -> String {
    package.appendingPathComponent("fixtures/\(name)").path
  }
}
