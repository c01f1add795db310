import FileIO
import Foundation

/// `imgconv join`: parts in a folder, or the list of parts, back into the native file they came from.
public struct JoinJob: Sendable {
  /// The folder of the parts or of the OCI image layout, or the list (`*.parts.json`).
  public var input: String
  /// Where the file goes.
  public var output: String
  /// How `output` is put into place.
  public var outputPolicy: OutputPolicy

  /// Describes a join.
  public init(input: String, output: String, outputPolicy: OutputPolicy = OutputPolicy()) {
    self.input = input
    self.output = output
    self.outputPolicy = outputPolicy
  }

  /// Joins and gives back the content digest of the file.
  ///
  /// Every part and the whole are checked against their digests (P4, P5); nothing appears at
  /// `output` where one differs.
  ///
  /// - Throws: `PartsError`, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> String {
    let (folder, parted) = try open()
    let files = try parted.parts.map { try InputFile(path: "\(folder)/\($0.path)") }
    let file = try OutputFile(path: output, policy: outputPolicy, inputs: files)
    var whole = RangeDigest()
    for (part, input) in zip(parted.parts, files) {
      try append(part, input, to: file, &whole)
      progress(
        "writing \(output.lastComponent)",
        Double(file.byteCount) / Double(max(1, parted.byteCount)))
    }
    guard whole.hexadecimal == parted.sha256 else {
      throw PartsError.digest(path: output, expected: parted.sha256, found: whole.hexadecimal)
    }
    try file.publish()
    return parted.contentDigest
  }

  private func append(
    _ part: PartedArtifact.Part, _ input: InputFile, to file: OutputFile,
    _ whole: inout RangeDigest
  ) throws {
    guard input.size == part.byteCount else {
      throw PartsError.document(
        path: input.path, field: "size", expected: "\(part.byteCount) bytes",
        found: "\(input.size)")
    }
    var digest = RangeDigest()
    try input.forEachBlock(in: 0..<input.size) { block in
      digest.update(block)
      whole.update(block)
      try file.write(block)
    }
    guard digest.hexadecimal == part.sha256 else {
      throw PartsError.digest(
        path: input.path, expected: part.sha256, found: digest.hexadecimal)
    }
  }

  /// The folder and what lies in it (P1).
  private func open() throws -> (folder: String, PartedArtifact) {
    guard ModelFolder.isFolder(input) else {
      return (input.parentFolder, try PartedArtifact(listAt: input))
    }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: input)
    } catch {
      throw PartsError.folder(path: input, found: "a folder that cannot be read")
    }
    let lists = names.filter { $0.hasSuffix(".parts.json") }.sorted()
    if names.contains("index.json"), lists.isEmpty {
      return (input, try PartedArtifact(layoutIn: input))
    }
    guard lists.count == 1, !names.contains("index.json") else {
      throw PartsError.folder(
        path: input, found: lists.isEmpty ? "neither" : lists.joined(separator: ", "))
    }
    return (input, try PartedArtifact(listAt: "\(input)/\(lists[0])"))
  }
}
