import FileIO
import Foundation

/// A report as JSON: sorted keys, two spaces, no escaped slashes; the same report, the same bytes.
enum JSONReport {
  /// The bytes of `report`, ending with a newline.
  static func bytes(_ report: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Array(try encoder.encode(report)) + [UInt8(ascii: "\n")]
  }

  /// Prints `report` on standard output.
  static func print(_ report: some Encodable) throws {
    Swift.print(String(decoding: try bytes(report), as: UTF8.self), terminator: "")
  }

  /// Writes `report` to a file that appears whole or not at all.
  static func write(
    _ report: some Encodable, to path: String, policy: OutputPolicy
  ) throws {
    let file = try OutputFile(path: path, policy: policy)
    try file.write(try bytes(report))
    try file.publish()
  }
}
