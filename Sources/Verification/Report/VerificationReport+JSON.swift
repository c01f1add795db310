import FileIO
import Foundation

extension VerificationReport {
  /// The largest file that is read as a report.
  private static let maximumByteCount: UInt64 = 1 << 30

  /// The report as JSON: sorted keys, two spaces; infinities and NaN as texts.
  public func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
  }

  /// Reads the report in the file at `path`.
  ///
  /// - Throws: `VerificationError.report` naming the field that is missing or of another form,
  ///   `FileIOError`.
  public init(path: String) throws {
    let file = try InputFile(path: path)
    guard file.size <= Self.maximumByteCount else {
      throw VerificationError.report(
        file: path, reason: "expected at most \(Self.maximumByteCount) bytes, found \(file.size)")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    do {
      self = try decoder.decode(
        Self.self, from: Data(try file.bytes(at: 0, count: Int(file.size))))
    } catch let error as DecodingError {
      throw VerificationError.report(file: path, reason: error.placeAndReason)
    }
    guard version == Self.currentVersion else {
      throw VerificationError.report(
        file: path, reason: "version: expected \(Self.currentVersion), found \(version)")
    }
  }
}

extension DecodingError {
  /// Where in a document what was wrong.
  fileprivate var placeAndReason: String {
    let context: Context
    switch self {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
      context = found
    case .keyNotFound(let key, let found):
      let path = (found.codingPath + [key]).map(\.stringValue).joined(separator: ".")
      return "\(path): missing"
    @unknown default: return "\(self)"
    }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
  }
}
