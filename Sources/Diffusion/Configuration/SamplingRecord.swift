import FileIO

/// How a model records that it is meant to be sampled: two keys of its scheduler's configuration
/// beside those of diffusers (`formats/sampling.md`).
public struct SamplingRecord: Hashable, Sendable {
  /// Which sampler.
  public enum Method: String, CaseIterable, Sendable {
    /// Imagine Flash's few-step sampler.
    case fewStep = "few-step"
    /// The class that the configuration names.
    case scheduler
  }

  /// The sampler; nil where none is recorded.
  public var method: Method?
  /// Whether the few-step sampler corrects the noise; nil where that is not recorded.
  public var correctsNoise: Bool?

  /// A record; of nothing by default.
  public init(method: Method? = nil, correctsNoise: Bool? = nil) {
    self.method = method
    self.correctsNoise = correctsNoise
  }
}

extension SamplingRecord {
  private static let methodKey = "sampler"
  private static let correctionKey = "noise_correction"
  static let keys: Set<String> = [methodKey, correctionKey]

  /// Whether the few-step sampler corrects the noise: as recorded. A record that names the sampler
  /// alone does not; without a record it does.
  public var effectiveCorrection: Bool { correctsNoise ?? (method == nil) }

  /// The record in the configuration `bytes`; `file` is named in errors.
  ///
  /// - Throws: `DiffusionError.configuration`, `.key`, `.unsupported`.
  public init(_ bytes: [UInt8], file: String) throws(DiffusionError) {
    let settings = try SchedulerSettings(bytes, file: file)
    if settings.raw(Self.methodKey) != nil {
      method = try settings.choice(Self.methodKey, default: .fewStep)
    }
    if settings.raw(Self.correctionKey) != nil {
      correctsNoise = try settings.bool(Self.correctionKey, default: true)
    }
  }

  /// The configuration `bytes` with this record in place of its own, other keys as they were.
  ///
  /// - Throws: `DiffusionError.configuration` where the bytes are no JSON object.
  public func written(into bytes: [UInt8], file: String) throws(DiffusionError) -> [UInt8] {
    var members = try SchedulerSettings(bytes, file: file).members
    members.removeAll { Self.keys.contains($0.name) }
    if let method { members.append(JSONMember(Self.methodKey, .string(method.rawValue))) }
    if let correctsNoise { members.append(JSONMember(Self.correctionKey, .bool(correctsNoise))) }
    return JSONWriter.bytes(.object(members))
  }
}
