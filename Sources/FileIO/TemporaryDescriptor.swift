import Glibc

/// A descriptor of a new temporary file, unnamed where the file system allows it.
struct TemporaryDescriptor {
  let descriptor: Int32
  /// The temporary's path; nil for an unnamed one.
  let path: String?

  /// Opens a temporary in `folder` for the output called `name`.
  init(folder: String, name: String) throws(FileIOError) {
    let unnamed = Self.openUnnamed(folder: folder)
    if unnamed >= 0 {
      descriptor = unnamed
      path = nil
      return
    }
    guard [EOPNOTSUPP, EISDIR, ENOENT, EINVAL].contains(errno) else {
      throw .system(call: "open", path: folder, errno: errno)
    }
    let candidate = Self.freshPath(folder: folder, name: name)
    let named = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard named >= 0 else { throw .system(call: "open", path: candidate, errno: errno) }
    descriptor = named
    path = candidate
  }

  /// A path in `folder` that nothing else uses.
  static func freshPath(folder: String, name: String) -> String {
    let token = String(UInt64.random(in: .min ... .max), radix: 36)
    return "\(folder)/.\(name).imgconv-\(token).tmp"
  }

  /// `open(2)` with `O_TMPFILE`, and the process's own mask for the permissions.
  private static func openUnnamed(folder: String) -> Int32 {
    let unnamedFlag = 0o20_000_000 | O_DIRECTORY
    return open(folder, O_WRONLY | O_CLOEXEC | unnamedFlag, 0o666)
  }
}
