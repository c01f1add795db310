import Foundation

/// Pictures of one output of both models and of their difference, as PNG files' bytes.
public struct ImagePair: Hashable, Codable, Sendable {
  /// What is shown.
  public var subject: Subject
  /// The sample.
  public var sample: Int
  /// The pair's PSNR in dB.
  public var psnr: Double
  /// The reference's picture.
  public var reference: Data
  /// The candidate's picture.
  public var candidate: Data
  /// A heat map of the absolute difference, white at the largest.
  public var difference: Data
  /// The largest absolute difference over the reference's range.
  public var largestDifference: Double

  /// A pair of pictures.
  public init(
    subject: Subject, sample: Int, psnr: Double, reference: Data, candidate: Data,
    difference: Data, largestDifference: Double
  ) {
    self.subject = subject
    self.sample = sample
    self.psnr = psnr
    self.reference = reference
    self.candidate = candidate
    self.difference = difference
    self.largestDifference = largestDifference
  }

  /// How many pairs a report keeps.
  public static let keptCount = 8

  /// The pairs that a report keeps: the worst by PSNR, earlier samples first among equals.
  public static func worst(of pairs: [ImagePair]) -> [ImagePair] {
    let ranked = pairs.enumerated().sorted { left, right in
      let (a, b) = (left.element, right.element)
      if a.psnr != b.psnr { return a.psnr < b.psnr }
      return (a.sample, a.subject.label, left.offset) < (b.sample, b.subject.label, right.offset)
    }
    return ranked.prefix(keptCount).map(\.element)
  }
}
