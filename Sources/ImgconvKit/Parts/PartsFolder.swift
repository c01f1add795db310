import FileIO
import Foundation

/// A folder that parts are written into; what was written can be taken back.
final class PartsFolder {
  private let path: String
  private let form: PartsForm
  private let policy: OutputPolicy
  private var made: [String] = []
  private var written: [String] = []

  /// Makes the folder and those in it.
  ///
  /// - Throws: `FileIOError.exists` where there is one with something in it, and replacing was not
  ///   asked for.
  init(_ path: String, form: PartsForm, policy: OutputPolicy) throws {
    self.path = path
    self.form = form
    self.policy = policy
    let present = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard present?.isEmpty ?? true || policy.replacesExisting else {
      throw FileIOError.exists(path: path)
    }
    try make(path)
    if form == .oci {
      try make("\(path)/blobs")
      try make("\(path)/blobs/sha256")
    }
  }

  private func make(_ folder: String) throws {
    guard mkdir(folder, 0o777) != 0 else {
      made.append(folder)
      return
    }
    guard errno == EEXIST else {
      throw FileIOError.system(call: "mkdir", path: folder, errno: errno)
    }
  }

  /// Writes the file at `relative` by `body`. In a layout, a blob that is there already is kept: its
  /// name is its content.
  func write(_ relative: String, _ body: (OutputFile) throws -> Void) throws {
    let target = "\(path)/\(relative)"
    guard !written.contains(target) else { return }
    let file = try OutputFile(path: target, policy: policy)
    try body(file)
    try file.publish()
    written.append(target)
  }

  /// Writes what tells of the parts; the last file makes the folder complete.
  func finish(_ parted: PartedArtifact) throws {
    let files =
      form == .oci
      ? parted.layoutFiles()
      : [(PartedArtifact.listName(parted.name), JSONWriter.bytes(parted.list))]
    for (name, content) in files { try write(name) { try $0.write(content) } }
  }

  /// Removes what was written, and the folders that were made.
  func removeWritten() {
    for file in written { unlink(file) }
    for folder in made.reversed() { rmdir(folder) }
  }
}
