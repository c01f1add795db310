import FileIO
import Foundation
import Operators
import Tensors
import Verification

/// Collects the outputs of both models that are images: pairs for the report, and a sheet.
///
/// An output counts as images where its shape is `[N, C, H, W]` with one or three channels.
struct ImageGallery {
  private let sheetIsWanted: Bool
  private var sheet = ComparisonSheet()
  private(set) var pairs: [ImagePair] = []

  /// An empty gallery.
  init(sheetIsWanted: Bool) { self.sheetIsWanted = sheetIsWanted }

  /// Takes in one pair of outputs; what is no image is passed over.
  mutating func add(
    _ subject: Subject, _ sample: Int, reference: Tensor, candidate: Tensor
  ) throws {
    guard reference.shape.rank == 4, [1, 3].contains(reference.shape[1]),
      reference.shape == candidate.shape, reference.elementCount > 0
    else { return }
    if sheetIsWanted { try sheet.add(reference: reference, candidate: candidate) }
    let psnr = try TensorComparison(
      name: subject.name, reference: reference, candidate: candidate
    ).peakSignalToNoise
    // Pictures are made of those alone that the report may keep.
    if pairs.count == ImagePair.keptCount, let best = pairs.last, psnr > best.psnr { return }
    if let pair = try pair(subject, sample, psnr, reference, candidate) {
      pairs = ImagePair.worst(of: pairs + [pair])
    }
  }

  /// Writes the sheet and publishes the file.
  ///
  /// - Throws: `JobError.image` where no output was an image.
  func writeSheet(to file: OutputFile) throws {
    guard !sheet.isEmpty else {
      throw JobError.image(reason: "no output is an image of one or three channels")
    }
    try file.write(try sheet.sheet.png())
    try file.publish()
  }

  /// The first image of a batch as pictures; nil where the reference has no finite element.
  private func pair(
    _ subject: Subject, _ sample: Int, _ psnr: Double, _ reference: Tensor, _ candidate: Tensor
  ) throws -> ImagePair? {
    let planes = try ImagePlanes(reference: reference, candidate: candidate)
    guard let planes else { return nil }
    return ImagePair(
      subject: subject, sample: sample, psnr: psnr,
      reference: Data(try planes.referenceImage.png()),
      candidate: Data(try planes.candidateImage.png()),
      difference: Data(try planes.heatMap.png()),
      largestDifference: Double(planes.largestDifference))
  }
}
