import FileIO
import Foundation
import ImgcFormat
import ModelGraph

/// What the tool records of its own steps.
enum Provenance {
  /// The tool and its version.
  static let tool = "imgconv \(VersionReport.version)"

  /// The time to record: `SOURCE_DATE_EPOCH` where it is set, none otherwise, so that the same
  /// inputs give the same bytes.
  static var timestamp: Int64? {
    ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap { Int64($0) }
  }

  /// The files that `loaded` was read from, whose bytes `sources` took in meanwhile.
  static func inputs(
    of loaded: LoadedModel, sources: SourceDigests
  ) throws -> [ProvenanceStep.Input] {
    guard loaded.format != .imgc else { return try inputs(of: loaded) }
    return try loaded.sourcePaths.map { path in
      let (digest, byteCount) = try sources.finish(path: path)
      return ProvenanceStep.Input(name: path.lastComponent, sha256: digest, byteCount: byteCount)
    }
  }

  /// The files that `loaded` was read from, by digest: of a native file its content digest, of
  /// others the SHA-256 of their bytes.
  static func inputs(of loaded: LoadedModel) throws -> [ProvenanceStep.Input] {
    try loaded.sourcePaths.map { path in
      let file = try InputFile(path: path)
      let digest =
        loaded.format == .imgc
        ? try ImgcFile(path: path).contentDigest : try FileDigest.sha256(file)
      return ProvenanceStep.Input(
        name: path.lastComponent, sha256: digest, byteCount: file.size)
    }
  }
}
