import Foundation

/// A folder for one test's files, removed with its last reference.
public final class TemporaryFolder {
  /// The folder's path.
  public let path: String

  /// Makes a new, empty folder.
  public init() throws {
    path = NSTemporaryDirectory() + "imgconv-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of `name` in the folder.
  public func path(of name: String) -> String { path + "/" + name }

  /// Writes `bytes` to the file `name` and gives back its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path(of: name)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  /// The names in the folder, sorted.
  public var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
