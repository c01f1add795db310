import CImgKernels
import Foundation

/// How chunks are cut and how hard their planes are compressed.
enum ChunkCodec {
  /// The plain bytes of every chunk but a blob's last: 4 MiB.
  static let chunkSize = 4 << 20

  /// Blocks of a plane that are looked at first: where they show full entropy the plane is stored.
  private static let sampleCount = 16
  private static let sampleSize = 4 << 10

  /// How `plane` is compressed; nil where it is stored as it is.
  ///
  /// Small planes are searched hard; planes of full entropy are stored; planes that are nearly
  /// constant may hold repeats. Where blocks of the plane tell as much, the rest is not counted.
  static func effort(for plane: UnsafeRawBufferPointer) -> ZstdCompressor.Effort? {
    if plane.count < 1024 { return .matches(19) }
    if plane.count >= 4 * sampleCount * sampleSize {
      // The entropy of few bytes comes out too low by about 255 / (2 ln 2 · bytes) bits: 0.003.
      let sampled = entropy(ofSampled: plane)
      if sampled > 7.99 { return nil }
      if (0.5...7.98).contains(sampled) { return .entropy }
    }
    let bits = entropy(plane)
    if bits > 7.995 { return nil }
    return bits < 0.05 ? .matches(3) : .entropy
  }

  /// The order-0 entropy of `bytes`, in bits a byte.
  static func entropy(_ bytes: UnsafeRawBufferPointer) -> Double {
    var counts = [UInt64](repeating: 0, count: 256)
    add(bytes, to: &counts)
    return entropy(counts, total: bytes.count)
  }

  /// The entropy of blocks spread evenly over `bytes`.
  private static func entropy(ofSampled bytes: UnsafeRawBufferPointer) -> Double {
    var counts = [UInt64](repeating: 0, count: 256)
    let step = bytes.count / sampleCount
    for sample in 0..<sampleCount {
      let begin = sample * step
      add(UnsafeRawBufferPointer(rebasing: bytes[begin..<(begin + sampleSize)]), to: &counts)
    }
    return entropy(counts, total: sampleCount * sampleSize)
  }

  private static func add(_ bytes: UnsafeRawBufferPointer, to counts: inout [UInt64]) {
    counts.withUnsafeMutableBufferPointer { counts in
      imgk_histogram(
        bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, counts.baseAddress)
    }
  }

  private static func entropy(_ counts: [UInt64], total: Int) -> Double {
    guard total > 0 else { return 0 }
    return counts.reduce(0.0) { sum, count in
      guard count > 0 else { return sum }
      let share = Double(count) / Double(total)
      return sum - share * log2(share)
    }
  }
}
