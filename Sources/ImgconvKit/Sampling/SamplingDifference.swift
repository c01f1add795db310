import Diffusion
import FileIO
import ModelGraph
import Verification

/// How two models of one role differ in the way they are meant to be sampled.
struct SamplingDifference {
  /// The settings that differ, as a report names them.
  let settings: [SamplerDrift.Setting]

  /// Compares records; `role` decides what an unrecorded sampler is.
  ///
  /// What both leave open is alike; what the reference records and the candidate does not is not,
  /// since other programs take other defaults.
  init(reference: SamplingRecord, candidate: SamplingRecord, role: Role?) {
    let unrecorded: SamplingRecord.Method = role == .student ? .fewStep : .scheduler
    var settings: [SamplerDrift.Setting] = []
    let (before, after) = (reference.method ?? unrecorded, candidate.method ?? unrecorded)
    if before != after || (reference.method != nil && candidate.method == nil) {
      settings.append(
        SamplerDrift.Setting(
          name: "the sampler", reference: before.rawValue,
          candidate: candidate.method == nil ? Self.absent : after.rawValue))
    }
    let isLost = reference.correctsNoise != nil && candidate.correctsNoise == nil
    if reference.effectiveCorrection != candidate.effectiveCorrection || isLost {
      settings.append(
        SamplerDrift.Setting(
          name: "noise correction", reference: Self.text(reference.effectiveCorrection),
          candidate: Self.text(candidate.effectiveCorrection)
            + (isLost ? ", being \(Self.absent)," : "")))
    }
    self.settings = settings
  }

  private static let absent = "not recorded"

  private static func text(_ flag: Bool) -> String { flag ? "on" : "off" }

  /// Compares the models' own records; nil where one has no denoiser or no schedule, or where their
  /// roles differ: a teacher and its student are sampled differently by right.
  ///
  /// - Throws: `DiffusionError` for a record of another form than the format's.
  static func drift(candidate: Model, reference: Model) throws -> SamplerDrift? {
    guard let left = try? GenerationModel(reference), let right = try? GenerationModel(candidate),
      left.denoiser.role == right.denoiser.role
    else { return nil }
    let difference = SamplingDifference(
      reference: try left.samplingRecord(), candidate: try right.samplingRecord(),
      role: left.denoiser.role)
    return difference.settings.isEmpty
      ? nil : SamplerDrift(component: left.denoiser.label, settings: difference.settings)
  }

  /// The keys in which two configurations of schedulers differ, with their values as JSON.
  static func keys(reference: [UInt8], candidate: [UInt8]) -> [SamplerDrift.Setting] {
    let (before, after) = (members(reference), members(candidate))
    let names =
      before.map(\.name)
      + after.map(\.name).filter { name in
        !before.contains { $0.name == name }
      }
    return names.compactMap { name in
      let texts = [before, after].map { members in
        members.first { $0.name == name }.map {
          String(decoding: JSONWriter.bytes($0.value), as: UTF8.self)
        } ?? "absent"
      }
      return texts[0] == texts[1]
        ? nil : SamplerDrift.Setting(name: name, reference: texts[0], candidate: texts[1])
    }
  }

  private static func members(_ bytes: [UInt8]) -> [JSONMember] {
    var parser = JSONParser()
    parser.allowsNonFinite = true
    let members = (try? parser.parse(bytes))?.members ?? []
    return members.filter { !$0.name.hasPrefix("_diffusers") }
  }
}
