import Foundation

/// Tells folders among the inputs from files.
enum FolderInputs {
  /// Whether a folder is at `path`.
  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
