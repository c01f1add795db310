import CImgKernels

extension LinearQuantization {
  /// Σ importance · (x − real)² in double precision, where real is what `x` becomes with one scale and zero point when
  /// the integers are held to `bounds`. The order of the sum is fixed by the count.
  public static func squaredError(
    _ source: UnsafePointer<Float>, importance: UnsafePointer<Float>? = nil, count: Int,
    scale: Float, zeroPoint: Int32 = 0, bounds: ClosedRange<Int32>
  ) -> Double {
    imgk_rounding_error(
      source, importance, count, scale, zeroPoint, bounds.lowerBound, bounds.upperBound)
  }
}

/// How far integers are from the elements they stand for.
public struct QuantizationDeviation: Sendable {
  private var sums = imgk_deviation()

  /// Nothing compared yet.
  public init() {}

  /// The largest |x − real|.
  public var largest: Float { sums.largest }
  /// Σ (x − real)².
  public var squaredError: Double { sums.squared_error }
  /// Σ x².
  public var squaredNorm: Double { sums.squared_norm }
  /// How many x ≠ 0 have real = 0.
  public var underflowCount: Int { sums.underflows }

  /// Takes in `count` elements and their integers, whose scales and zero points are one for all, or one an element
  /// where `isPerElement`.
  public mutating func add(
    _ source: UnsafePointer<Float>, _ integers: UnsafePointer<Int8>, count: Int,
    scales: UnsafePointer<Float>, zeroPoints: UnsafePointer<Int32>, isPerElement: Bool
  ) {
    imgk_weight_deviation(
      source, integers, count, scales, zeroPoints, isPerElement ? 1 : 0, &sums)
  }
}

/// Counts values in bins of equal width.
public enum ValueBins {
  /// Adds one to `counts[floor((x + limit) · bins / (2 limit))]`, held to the first and last bin, for each of `count`
  /// values; NaN is left out.
  public static func count(
    _ source: UnsafePointer<Float>, count: Int, limit: Float, into counts: inout [UInt64]
  ) {
    counts.withUnsafeMutableBufferPointer { counts in
      imgk_value_histogram(source, count, limit, counts.count, counts.baseAddress)
    }
  }
}

/// The windows of a convolution over one group of one sample, copied as rows.
public struct ConvolutionPatches: Sendable {
  /// The group's channels.
  public let channels: Int
  /// The extents of the image, the kernel and the output: 1 to 3 spatial axes.
  public let extent: [Int], kernel: [Int], output: [Int]
  /// How far windows and their elements are apart.
  public let strides: [Int], dilations: [Int]
  /// Zeros before the first element of each axis.
  public let padsBefore: [Int]

  /// Windows of a convolution; nil where there are no axes or more than three.
  public init?(
    channels: Int, extent: [Int], kernel: [Int], output: [Int], strides: [Int], dilations: [Int],
    padsBefore: [Int]
  ) {
    let parts = [extent, kernel, output, strides, dilations, padsBefore]
    guard (1...3).contains(extent.count), parts.allSatisfy({ $0.count == extent.count }) else {
      return nil
    }
    self.channels = channels
    self.extent = extent
    self.kernel = kernel
    self.output = output
    self.strides = strides
    self.dilations = dilations
    self.padsBefore = padsBefore
  }

  /// How many elements a window has.
  public var rowCount: Int { channels * kernel.reduce(1, *) }

  /// Copies the windows at `positions` (row-major numbers of the output) of `image` `[channels, extent…]` into the rows
  /// of `rows` `[positions.count, rowCount]`.
  public func copy(
    _ image: UnsafePointer<Float>, positions: [Int], into rows: UnsafeMutablePointer<Float>
  ) {
    var patches = imgk_patches()
    patches.src = image
    patches.channels = channels
    patches.extent = triple(extent, 1)
    patches.kernel = triple(kernel, 1)
    patches.stride = triple(strides, 1)
    patches.dilation = triple(dilations, 1)
    patches.pad = triple(padsBefore, 0)
    patches.output = triple(output, 1)
    positions.withUnsafeBufferPointer { positions in
      positions.withMemoryRebound(to: UInt.self) { positions in
        imgk_patch_rows(&patches, positions.baseAddress, positions.count, rows)
      }
    }
  }

  /// Missing leading axes have the extent `fill`.
  private func triple<Number: BinaryInteger>(
    _ values: [Int], _ fill: Int
  ) -> (Number, Number, Number) {
    let all = [Int](repeating: fill, count: 3 - values.count) + values
    return (Number(all[0]), Number(all[1]), Number(all[2]))
  }
}
