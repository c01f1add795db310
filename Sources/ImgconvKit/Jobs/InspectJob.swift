import FileIO
import ImgcFormat
import ModelGraph
import Tensors

/// `imgconv inspect`: what a file holds, without reading weights.
public struct InspectJob: Sendable {
  /// The file.
  public var path: String
  /// Whether every byte of a native file is read and checked against its digests too.
  public var verifies: Bool

  /// Describes an inspection.
  public init(path: String, verifies: Bool = false) {
    self.path = path
    self.verifies = verifies
  }

  /// Looks at the file.
  ///
  /// - Throws: the formats' errors, `FileIOError`.
  public func run() throws -> InspectReport {
    let loaded = try ModelLoader().load(path: path)
    let size = try loaded.sourcePaths.prefix(loaded.format == .folder ? Int.max : 1)
      .reduce(UInt64(0)) { $0 + (try InputFile(path: $1).size) }
    let artifact = loaded.format == .imgc ? try ImgcFile(path: path) : nil
    if verifies {
      guard let artifact else {
        throw JobError.option(
          name: "--verify", expected: "a native file", found: loaded.format.rawValue)
      }
      try artifact.verifyAll()
    }
    return InspectReport(
      model: loaded.model, format: loaded.format, fileSize: size,
      contentDigest: artifact?.contentDigest)
  }
}

extension InspectJob {
  /// The recipe that the model was quantized by.
  ///
  /// - Throws: the formats' errors, `FileIOError`; `JobError.noRecipe` for a model without one.
  public func recipe() throws -> String {
    let model = try ModelLoader().load(path: path).model
    guard let content = model.file(at: QuantizeJob.recipePath) else {
      throw JobError.noRecipe(path: path)
    }
    return String(decoding: content, as: UTF8.self)
  }
}

/// What a file holds.
public struct InspectReport: Sendable {
  /// The model; its weights have not been read.
  public var model: Model
  /// The format.
  public var format: FileFormat
  /// The size of the file, or of all files of a folder that were read, in bytes.
  public var fileSize: UInt64
  /// The content digest of a native file.
  public var contentDigest: String?
}
