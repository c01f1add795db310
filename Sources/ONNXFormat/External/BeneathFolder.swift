import FileIO
import Glibc

/// Opens files beneath a folder, and nowhere else.
///
/// Each component of a path is opened relative to the folder before it and without following
/// links, so that nothing which happens to the folders meanwhile leads elsewhere.
struct BeneathFolder {
  /// Why a path was not opened.
  enum Failure: Error {
    /// A symbolic link stands at this path.
    case symbolicLink(String)
    case file(FileIOError)
  }

  /// The folder's path.
  let path: String

  /// Opens the file that `components` lead to.
  func open(_ components: [String]) throws(Failure) -> InputFile {
    var folder = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw .file(.system(call: "open", path: path, errno: errno)) }
    defer { close(folder) }
    var walked = path
    for component in components.dropLast() {
      walked += "/" + component
      let next = openat(folder, component, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      guard next >= 0 else { throw Self.failure(errno, in: folder, component, path: walked) }
      close(folder)
      folder = next
    }
    guard let name = components.last else { throw .file(.invalidPath(path: path)) }
    walked += "/" + name
    // O_NONBLOCK keeps the open of a FIFO from waiting; InputFile then refuses it.
    let descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure(errno, in: folder, name, path: walked) }
    do throws(FileIOError) {
      return try InputFile(adopting: descriptor, path: walked)
    } catch {
      throw .file(error)
    }
  }

  /// A refused open: a link where the folder holds one under that name.
  private static func failure(
    _ code: Int32, in folder: Int32, _ name: String, path: String
  ) -> Failure {
    var status = stat()
    if fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
      status.st_mode & S_IFMT == S_IFLNK
    {
      return .symbolicLink(path)
    }
    return .file(.system(call: "open", path: path, errno: code))
  }
}

extension BeneathFolder {
  /// Opens the file that `path`, links followed, leads to, which must lie beneath this folder.
  func open(following path: String) throws(Failure) -> InputFile {
    guard let root = Self.resolve(self.path), let target = Self.resolve(path) else {
      throw .file(.system(call: "realpath", path: path, errno: errno))
    }
    let prefix = root == "/" ? "/" : root + "/"
    guard target.utf8.starts(with: prefix.utf8) else { throw .symbolicLink(path) }
    let components = target.utf8.dropFirst(prefix.utf8.count)
      .split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    return try BeneathFolder(path: root).open(components)
  }

  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
