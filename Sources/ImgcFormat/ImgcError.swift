import FileIO
import Tensors

/// A rule of native files that a file breaks; the rules' ids are those of `formats/imgc.md`.
public enum ImgcError: Error, Equatable, Sendable {
  /// A field of the header or the footer (R1, R2, R3).
  case section(
    file: String, offset: UInt64, section: String, field: String, expected: String, found: String)
  /// The manifest's or a tensor's bytes do not have the digest stated (R4, R11).
  case digest(file: String, offset: UInt64, place: String, expected: String, found: String)
  /// A chunk's frames do not have the checksum stated (R8).
  case checksum(file: String, offset: UInt64, place: String, expected: UInt64, found: UInt64)
  /// The manifest is not JSON (R4).
  case manifestText(file: String, offset: UInt64, JSONError)
  /// The manifest is not of the form required (R5, R6, R7, R10, R12, R13, R14).
  case manifest(file: String, field: String, expected: String, found: String)
  /// A zstd frame is not of the form required (R9).
  case frame(file: String, offset: UInt64, place: String, expected: String, found: String)
  /// A value in a tensor breaks a rule (R12).
  case value(file: String, tensor: String, index: Int, expected: String, found: String)
  /// Something is larger than the format's limits.
  case limit(file: String, field: String, expected: String, found: String)
  /// libzstd failed to compress.
  case compression(reason: String)
  /// A model cannot be written: names that repeat, or text that is none.
  case unwritable(component: String, field: String, reason: String)
  /// The file to which the weights are differences is not there (R15).
  case teacher(file: String, name: String, contentDigest: String, found: String)
  /// Reading or writing failed.
  case file(FileIOError)
}

extension ImgcError {
  /// Whether a limit was exceeded, as against a rule broken.
  public var isLimit: Bool {
    if case .limit = self { true } else { false }
  }
}

extension ImgcError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .section(let file, let offset, let section, let field, let expected, let found):
      "\(file.escapedForDisplay): offset \(offset): \(section): \(field): "
        + "expected \(expected), found \(found)"
    case .digest(let file, let offset, let place, let expected, let found):
      "\(file.escapedForDisplay): offset \(offset): \(place): sha256: "
        + "expected \(expected), found \(found)"
    case .checksum(let file, let offset, let place, let expected, let found):
      "\(file.escapedForDisplay): offset \(offset): \(place): xxh64: "
        + "expected \(hexadecimal(expected)), found \(hexadecimal(found))"
    case .manifestText(let file, let offset, let error):
      "\(file.escapedForDisplay): offset \(offset): manifest: \(error)"
    case .manifest(let file, let field, let expected, let found):
      "\(file.escapedForDisplay): manifest: \(field.escapedForDisplay(limit: 300)): "
        + "expected \(expected.escapedForDisplay(limit: 300)), "
        + "found \(found.escapedForDisplay(limit: 300))"
    case .frame(let file, let offset, let place, let expected, let found):
      "\(file.escapedForDisplay): offset \(offset): \(place): "
        + "expected \(expected), found \(found)"
    case .value(let file, let tensor, let index, let expected, let found):
      "\(file.escapedForDisplay): tensor \(tensor.escapedForDisplay(limit: 300)): "
        + "element \(index): expected \(expected), found \(found)"
    case .limit(let file, let field, let expected, let found):
      "\(file.escapedForDisplay): \(field.escapedForDisplay(limit: 300)): limit: "
        + "expected \(expected), found \(found)"
    case .compression(let reason): "zstd: \(reason)"
    case .unwritable(let component, let field, let reason):
      "\(component.escapedForDisplay): \(field.escapedForDisplay(limit: 300)): \(reason)"
    case .teacher(let file, let name, let contentDigest, let found):
      "\(file.escapedForDisplay): its weights are differences to \(name.escapedForDisplay) "
        + "(content \(contentDigest)): expected that file beside it or in a folder of "
        + "\(TeacherSearch.variable), found \(found.escapedForDisplay(limit: 600))"
    case .file(let error): "\(error)"
    }
  }
}
