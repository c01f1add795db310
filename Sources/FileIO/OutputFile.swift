import Glibc

/// A file that appears at its path whole or not at all.
///
/// Bytes go to an unnamed temporary (`O_TMPFILE`) in the output's folder, or where the file system
/// has none to a temporary named `.NAME.imgconv-XXXXXXXX.tmp` with mode 0600; `publish()` writes it
/// through to the disk (`OutputPolicy.waitsForDisk`) and links it into place. Without `publish()`
/// nothing is left behind.
public final class OutputFile {
  /// The path at which the file will appear.
  public let path: String
  /// How many bytes were appended so far.
  public private(set) var byteCount: UInt64 = 0

  private let policy: OutputPolicy
  private let folder: String
  private let folderDescriptor: Int32
  private let descriptor: Int32
  private let writer: StagedWriter
  private var temporaryPath: String?
  private var isPublished = false

  /// Opens a temporary beside `path`.
  ///
  /// - Parameters:
  ///   - path: where the file will appear.
  ///   - policy: whether a file that is there already may be replaced, and the disk is waited for.
  ///   - inputs: files that must not be overwritten, because they are being read.
  /// - Throws: `FileIOError.exists`, `.outputIsInput`, or `.system` where the folder is missing or
  ///   cannot be written to; nothing of an input needs to have been read by then.
  public init(
    path: String, policy: OutputPolicy = OutputPolicy(), inputs: [InputFile] = []
  ) throws(FileIOError) {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .invalidPath(path: path) }
    try Self.check(path: path, policy: policy, inputs: inputs)
    let folder = path.parentFolder
    let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folderDescriptor >= 0 else {
      throw .system(call: "open", path: folder, errno: errno)
    }
    let temporary: TemporaryDescriptor
    do throws(FileIOError) {
      temporary = try TemporaryDescriptor(folder: folder, name: path.lastComponent)
    } catch {
      close(folderDescriptor)
      throw error
    }
    descriptor = temporary.descriptor
    do throws(FileIOError) {
      writer = try StagedWriter(
        descriptor: temporary.descriptor, path: path,
        access: policy.waitsForDisk ? .direct : .whicheverIsReady)
    } catch {
      close(temporary.descriptor)
      if let path = temporary.path { unlink(path) }
      close(folderDescriptor)
      throw error
    }
    temporaryPath = temporary.path
    self.path = path
    self.folder = folder
    self.folderDescriptor = folderDescriptor
    self.policy = policy
    if let temporaryPath { PendingTemporaries.insert(temporaryPath) }
  }

  deinit {
    removeTemporary()
    close(descriptor)
    close(folderDescriptor)
  }
}

extension OutputFile {
  /// Checks that the output will not replace any of `inputs`, files that became known after it was
  /// opened.
  ///
  /// - Throws: `FileIOError.outputIsInput`.
  public func requireOther(than inputs: [InputFile]) throws(FileIOError) {
    try Self.check(path: path, policy: policy, inputs: inputs)
  }

  /// Appends `bytes`; they may be buffered until `publish()`.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileIOError) {
    try writer.write(bytes)
    byteCount += UInt64(bytes.count)
  }

  /// Appends `bytes`.
  public func write(_ bytes: [UInt8]) throws(FileIOError) {
    try bytes.span.withUnsafeBytes { raw throws(FileIOError) in try write(raw) }
  }

  /// Flushes the file to the disk, links it into place and flushes the folder; without the two
  /// flushes where the policy does not wait for the disk.
  ///
  /// A failed `fsync` is final: it is reported and never tried again, and leaves no new file.
  ///
  /// - Throws: `FileIOError.exists` where another writer was first and replacing was not asked for.
  public func publish() throws(FileIOError) {
    precondition(!isPublished, "published twice")
    do throws(FileIOError) {
      try place()
    } catch {
      // Whoever else holds the file may let go of it only after the program has ended.
      removeTemporary()
      throw error
    }
    isPublished = true
    removeTemporary()
    guard policy.waitsForDisk else { return }
    guard fsync(folderDescriptor) == 0 else {
      let code = errno
      if !policy.replacesExisting { unlink(path) }
      throw .system(call: "fsync", path: folder, errno: code)
    }
  }

  /// Flushes the file, where the policy says so, and gives it its name.
  private func place() throws(FileIOError) {
    try writer.flush()
    if policy.waitsForDisk, fsync(descriptor) != 0 {
      throw .system(call: "fsync", path: path, errno: errno)
    }
    if policy.replacesExisting {
      try replace()
    } else {
      try link(to: path)
    }
  }

  private static func check(
    path: String, policy: OutputPolicy, inputs: [InputFile]
  ) throws(FileIOError) {
    guard let status = try FileStatus(path: path) else { return }
    for input in inputs where input.identity == status.identity {
      throw .outputIsInput(path: path, input: input.path)
    }
    guard status.isRegular else { throw .notRegularFile(path: path, kind: status.kindName) }
    guard policy.replacesExisting else { throw .exists(path: path) }
  }

  /// Gives the temporary a name of its own, then renames it over the output.
  private func replace() throws(FileIOError) {
    let source: String
    if let temporaryPath {
      source = temporaryPath
    } else {
      source = TemporaryDescriptor.freshPath(folder: folder, name: path.lastComponent)
      try link(to: source)
      temporaryPath = source
      PendingTemporaries.insert(source)
    }
    guard rename(source, path) == 0 else {
      throw .system(call: "rename", path: path, errno: errno)
    }
    PendingTemporaries.remove(source)
    temporaryPath = nil
  }

  private func link(to target: String) throws(FileIOError) {
    let result =
      if let temporaryPath {
        Glibc.link(temporaryPath, target)
      } else {
        linkat(
          AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, target, Int32(AT_SYMLINK_FOLLOW))
      }
    guard result == 0 else {
      if errno == EEXIST { throw .exists(path: target) }
      throw .system(call: "link", path: target, errno: errno)
    }
  }

  private func removeTemporary() {
    guard let temporaryPath else { return }
    unlink(temporaryPath)
    PendingTemporaries.remove(temporaryPath)
    self.temporaryPath = nil
  }
}

extension String {
  /// The part of a path before its last component, `.` where there is none.
  package var parentFolder: String {
    guard let slash = lastIndex(of: "/") else { return "." }
    return slash == startIndex ? "/" : String(self[..<slash])
  }

  /// The part of a path after its last slash.
  package var lastComponent: String {
    lastIndex(of: "/").map { String(self[index(after: $0)...]) } ?? self
  }
}
