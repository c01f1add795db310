import Diffusion
import FileIO
import Foundation
import SafetensorsFormat
import Tensors

/// Writes generated images: a PNG each, a contact sheet, and the raw numbers.
struct SampleWriter {
  private let folder: String?
  private let raw: String?
  private let policy: OutputPolicy
  private let digits: Int
  private var sheet = ContactSheet(columns: 10)
  private var files: [String] = []
  private var number = 0
  private var batches: [GeneratedBatch] = []

  /// - Throws: `JobError.option` where the folder cannot be made, or `raw` exists.
  init(folder: String?, raw: String?, count: Int, policy: OutputPolicy) throws {
    self.folder = folder
    self.raw = raw
    self.policy = policy
    digits = max(4, String(max(count - 1, 0)).count)
    if let folder {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw JobError.option(
          name: "--output", expected: "a folder that can be made", found: folder)
      }
    }
    if let raw, !policy.replacesExisting, FileManager.default.fileExists(atPath: raw) {
      throw JobError.option(
        name: "--raw", expected: "a file that does not exist, or --force", found: raw)
    }
  }

  mutating func add(_ batch: GeneratedBatch) throws {
    if raw != nil { batches.append(batch) }
    guard let folder else { return }
    let images = try PixelImage.batch(batch.images)
    sheet.add(images)
    for image in images {
      let text = String(number)
      let name = String(repeating: "0", count: max(0, digits - text.count)) + text + ".png"
      try write(image, to: "\(folder)/\(name)")
      number += 1
    }
  }

  /// Writes the sheet and the raw numbers.
  ///
  /// - Returns: the paths of the sheet and the raw file, where asked for.
  mutating func finish() throws -> [String] {
    if let folder, !sheet.isEmpty {
      files.append(try write(sheet.image, to: "\(folder)/sheet.png"))
    }
    if let raw {
      var tensors: [(name: String, tensor: Tensor)] = [
        ("noise", try Tensor.joined(batches.map(\.noise), axis: 0)),
        ("result", try Tensor.joined(batches.map(\.result), axis: 0)),
        ("images", try Tensor.joined(batches.map(\.images), axis: 0)),
      ]
      let labels = batches.compactMap(\.labels).flatMap { $0 }
      if !labels.isEmpty { tensors.append(("class_labels", try Tensor(labels.map { Int64($0) }))) }
      try SafetensorsWriter.write(
        TensorSet(tensors), to: raw, policy: policy)
      files.append(raw)
    }
    return files
  }

  @discardableResult
  private func write(_ image: PixelImage, to path: String) throws -> String {
    let file = try OutputFile(path: path, policy: policy)
    try file.write(try image.png())
    try file.publish()
    return path
  }
}
