import FileIO
import Foundation
import Synchronization

/// How much the output errs where one layer alone is quantized, kept in a file so that a
/// measurement that was interrupted goes on where it stopped.
///
/// The file is a JSON object: `version` 1, `key` (what was measured: the model, the recipe, the
/// calibration), `errors` (object of layer to mean squared error over the squared range).
public final class SensitivityCache: Sendable {
  /// The file.
  public let path: String
  private let key: String
  private let errors: Mutex<[String: Double]>

  /// Opens the file at `path`, if there is one; measurements under another key are dropped.
  ///
  /// - Throws: `QuantizationError.sensitivities` for a file that is no such object, `FileIOError`.
  public init(path: String, key: String) throws {
    self.path = path
    self.key = key
    errors = Mutex(try Self.load(path, key))
  }

  private static func load(_ path: String, _ key: String) throws -> [String: Double] {
    guard FileManager.default.fileExists(atPath: path) else { return [:] }
    let file = try InputFile(path: path)
    guard file.size <= 64 << 20 else {
      throw QuantizationError.sensitivities(path: path, reason: "expected at most 64 MiB")
    }
    let bytes = try file.bytes(at: 0, count: Int(file.size))
    guard let document = try? JSONParser().parse(bytes), document["version"]?.int == 1,
      let found = document["key"]?.string, let entries = document["errors"]?.members
    else {
      throw QuantizationError.sensitivities(
        path: path, reason: "expected measured sensitivities, found another kind of file")
    }
    guard found == key else { return [:] }
    var errors: [String: Double] = [:]
    for entry in entries { errors[entry.name] = entry.value.double }
    return errors
  }

  /// The error measured for `layer`; nil where it has not been.
  public func error(of layer: String) -> Double? { errors.withLock { $0[layer] } }

  /// Keeps an error and writes the file.
  ///
  /// - Throws: `FileIOError`.
  public func record(_ error: Double, of layer: String) throws {
    let all = errors.withLock { errors in
      errors[layer] = error
      return errors
    }
    let members = all.sorted { $0.key < $1.key }.map { entry in
      JSONMember(entry.key, entry.value.isFinite ? .real(entry.value) : .real(1e300))
    }
    let document: JSONValue = .object([
      JSONMember("version", 1), JSONMember("key", .string(key)),
      JSONMember("errors", .object(members)),
    ])
    let file = try OutputFile(path: path, policy: .replacing, inputs: [])
    try file.write(JSONWriter.bytes(document))
    try file.publish()
  }
}
