import FileIO
import Foundation

/// Finds the file that an artifact's weights are differences to (R15).
struct TeacherSearch {
  /// The artifact's path.
  let file: String
  /// What is looked for.
  let reference: TeacherReference

  /// The environment variable with further folders, separated by colons.
  static let variable = "IMGCONV_PATH"

  /// Opens the file of that name beside the artifact or in a folder of `IMGCONV_PATH`, whichever
  /// has the content first.
  ///
  /// - Throws: `ImgcError.teacher` with what was found instead.
  func open() throws(ImgcError) -> ImgcFile {
    var found: [String] = []
    for folder in folders {
      let path = folder == "." ? reference.name : "\(folder)/\(reference.name)"
      guard FileManager.default.fileExists(atPath: path) else { continue }
      do throws(ImgcError) {
        let teacher = try ImgcFile(path: path, mayNeedTeacher: false)
        if teacher.contentDigest == reference.contentDigest { return teacher }
        found.append("\(path) with content \(teacher.contentDigest)")
      } catch {
        found.append("\(path), which cannot be opened (\(error))")
      }
    }
    throw .teacher(
      file: file, name: reference.name, contentDigest: reference.contentDigest,
      found: found.isEmpty ? "none" : found.joined(separator: ", "))
  }

  private var folders: [String] {
    let further = ProcessInfo.processInfo.environment[Self.variable] ?? ""
    return [file.parentFolder] + further.split(separator: ":").map(String.init)
  }
}
