import FileIO
import Foundation
import ImgcFormat

/// `imgconv export --split` and `--format oci`: a native file, byte for byte, as parts in a folder.
public struct SplitJob: Sendable {
  /// The native file.
  public var input: String
  /// The folder, which is made; one that is there must be empty.
  public var folder: String
  /// The most bytes of a part; nil for one part.
  public var partSize: UInt64?
  /// How the parts are laid out.
  public var form: PartsForm
  /// How the files are put into the folder.
  public var outputPolicy: OutputPolicy

  /// The most parts that a file may be cut into.
  public static let maximumPartCount: UInt64 = 9999

  /// Describes a split.
  public init(
    input: String, folder: String, partSize: UInt64?, form: PartsForm,
    outputPolicy: OutputPolicy = OutputPolicy()
  ) {
    self.input = input
    self.folder = folder
    self.partSize = partSize
    self.form = form
    self.outputPolicy = outputPolicy
  }

  /// Splits and gives back how many parts there are.
  ///
  /// The list, or the layout's index, is written last: a folder without one is not complete. What a
  /// failed run wrote is removed.
  ///
  /// - Throws: `ImgcError`, `JobError`, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> Int {
    let artifact = try ImgcFile(path: input)
    let file = try InputFile(path: input)
    let parted = try parts(of: file, artifact.contentDigest)
    let target = try PartsFolder(folder, form: form, policy: outputPolicy)
    do {
      try write(parted, file, to: target, progress)
      try file.checkUnchanged()
      try target.finish(parted)
    } catch {
      target.removeWritten()
      throw error
    }
    return parted.parts.count
  }

  /// The parts by their digests.
  private func parts(of file: InputFile, _ contentDigest: String) throws -> PartedArtifact {
    let size = max(1, partSize ?? file.size)
    guard (file.size - 1) / size < Self.maximumPartCount else {
      throw JobError.option(
        name: "--split", expected: "at most \(Self.maximumPartCount) parts", found: "\(size) bytes")
    }
    let name = input.lastComponent
    var parted = PartedArtifact(
      name: name, byteCount: file.size, sha256: "", contentDigest: contentDigest, parts: [])
    var whole = RangeDigest()
    for begin in stride(from: 0, to: file.size, by: UInt64.Stride(size)) {
      var digest = RangeDigest()
      let end = min(file.size, begin + size)
      try file.forEachBlock(in: begin..<end) { block in
        digest.update(block)
        whole.update(block)
      }
      let sha256 = digest.hexadecimal
      let path =
        form == .oci
        ? PartedArtifact.blobPath(sha256) : PartedArtifact.partName(name, parted.parts.count)
      parted.parts.append(PartedArtifact.Part(path: path, byteCount: end - begin, sha256: sha256))
    }
    parted.sha256 = whole.hexadecimal
    return parted
  }

  private func write(
    _ parted: PartedArtifact, _ file: InputFile, to target: PartsFolder,
    _ progress: @escaping (String, Double) -> Void
  ) throws {
    var position: UInt64 = 0
    for part in parted.parts {
      try target.write(part.path) { output in
        try file.forEachBlock(in: position..<(position + part.byteCount)) { block in
          try output.write(block)
          progress(
            "writing \(part.path.lastComponent)",
            Double(position + output.byteCount) / Double(parted.byteCount))
        }
      }
      position += part.byteCount
    }
  }
}
