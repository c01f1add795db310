import FileIO
import Tensors

/// A rule of safetensors files that a file breaks; the rules' numbers are those of
/// `formats/safetensors.md`.
public enum SafetensorsError: Error, Equatable, Sendable {
  /// The file is too short to hold the header's length.
  case noHeaderLength(file: String, size: UInt64)
  /// The header's length is zero, over the limit, or runs past the end of the file.
  case headerLength(file: String, expected: String, found: UInt64, isLimit: Bool)
  /// The header is not the JSON it must be.
  case header(file: String, JSONError)
  /// The header holds something else than the rule asks for.
  case field(file: String, tensor: String, field: String, expected: String, found: String)
  /// The element type is none of the format's.
  case dtype(file: String, tensor: String, found: String)
  /// More tensors, or axes, than the limit.
  case limit(file: String, tensor: String, field: String, expected: String, found: String)
  /// The data offsets lie out of order, past the data, overlap, or leave a hole.
  case layout(
    file: String, offset: UInt64, tensor: String, expected: String, found: String)
  /// A boolean is neither 0 nor 1.
  case boolean(file: String, offset: UInt64, tensor: String, index: Int, found: UInt8)
  /// The file is something else, which people often mistake for safetensors.
  case otherFormat(file: String, found: String)
  /// A tensor cannot be written: its name is reserved, or two share one.
  case unwritable(file: String, tensor: String, reason: String)
  /// A rule of shard indexes is broken.
  case index(file: String, field: String, expected: String, found: String)
  /// Reading failed.
  case file(FileIOError)
}

extension SafetensorsError {
  /// Whether a limit was exceeded, as against a rule broken.
  public var isLimit: Bool {
    switch self {
    case .headerLength(_, _, _, let isLimit): isLimit
    case .header(_, let error): error.isLimit
    case .limit: true
    default: false
    }
  }
}

extension SafetensorsError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noHeaderLength(let file, let size):
      "\(name(file)): offset 0: header length: expected 8 bytes, found \(size)"
    case .headerLength(let file, let expected, let found, _):
      "\(name(file)): offset 0: header length: expected \(expected), found \(found)"
    case .header(let file, let error):
      "\(name(file)): offset \(error.offset + 8): header: \(error.reason)"
    case .field(let file, let tensor, let field, let expected, let found),
      .limit(let file, let tensor, let field, let expected, let found):
      "\(name(file)): \(place(tensor))\(field): expected \(expected), found \(found)"
    case .dtype(let file, let tensor, let found):
      "\(name(file)): \(place(tensor))dtype: expected one of "
        + DType.safetensorsCodes.map(\.code).joined(separator: ", ")
        + ", found \"\(found.escapedForDisplay(limit: 40))\""
    case .layout(let file, let offset, let tensor, let expected, let found):
      "\(name(file)): offset \(offset): \(place(tensor))data_offsets: "
        + "expected \(expected), found \(found)"
    case .boolean(let file, let offset, let tensor, let index, let found):
      "\(name(file)): offset \(offset): \(place(tensor))element \(index): "
        + "expected 0 or 1, found \(found)"
    case .otherFormat(let file, let found):
      "\(name(file)): offset 0: expected safetensors, found \(found)"
    case .unwritable(let file, let tensor, let reason):
      "\(name(file)): \(place(tensor))\(reason)"
    case .index(let file, let field, let expected, let found):
      "\(name(file)): \(field): expected \(expected), found \(found)"
    case .file(let error): "\(error)"
    }
  }

  private func name(_ file: String) -> String { file.escapedForDisplay }

  private func place(_ tensor: String) -> String {
    tensor.isEmpty ? "" : "tensor \(tensor.escapedForDisplay(limit: 300)): "
  }
}
