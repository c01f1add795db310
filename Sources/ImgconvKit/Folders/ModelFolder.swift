import FileIO
import Foundation

/// A folder whose entries are looked up by name.
struct ModelFolder {
  /// The folder's path.
  let path: String

  /// The most bytes of a configuration or tokenizer file.
  private static let maximumFileSize: UInt64 = 64 << 20

  /// Whether `path` leads to a folder, symbolic links followed.
  static func isFolder(_ path: String) -> Bool {
    guard let status = try? FileStatus(path: path) else { return false }
    return status.isDirectory
  }

  /// The path of the entry `name`.
  func path(of name: String) -> String { path == "/" ? "/\(name)" : "\(trimmed)/\(name)" }

  /// Whether there is a regular file called `name`.
  func has(_ name: String) -> Bool {
    guard let status = try? FileStatus(path: path(of: name)) else { return false }
    return status.isRegular
  }

  /// The folder called `name` in this one; nil where there is none.
  func folder(_ name: String) -> ModelFolder? {
    let path = path(of: name)
    return Self.isFolder(path) ? ModelFolder(path: path) : nil
  }

  /// The names of the regular files, hidden ones left out, sorted by bytes.
  ///
  /// - Throws: `JobError.folder` where the folder cannot be listed.
  func fileNames() throws -> [String] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw JobError.folder(path: path, expected: "a readable folder", found: "\(error)")
    }
    return names.filter { !$0.hasPrefix(".") && has($0) }
      .sorted { ByteString($0) < ByteString($1) }
  }

  /// The content of the file called `name`.
  ///
  /// - Throws: `FileIOError`; `JobError.folder` for a file over 64 MiB.
  func content(of name: String) throws -> [UInt8] {
    let file = try InputFile(path: path(of: name))
    guard file.size <= Self.maximumFileSize else {
      throw JobError.folder(
        path: file.path, expected: "at most \(Self.maximumFileSize) bytes", found: "\(file.size)")
    }
    return try file.bytes(at: 0, count: Int(file.size))
  }

  private var trimmed: String {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    return String(trimmed)
  }
}
