import Foundation

/// Sums of feature vectors and of their products, exact, so that parts added in any order give the
/// same moments bit for bit.
///
/// Features are taken as whole multiples of 2⁻³² (rounded to the nearest, halves to even); sums are
/// integers of 128 bits. A vector with an element that is NaN, infinite or beyond ±2²⁴ is not
/// summed but counted as unusable.
public struct FeatureSums: Hashable, Sendable {
  private static let scale = 0x1p32
  private static let largest: Float = 0x1p24

  /// How many features a vector has.
  public let size: Int
  /// How many vectors were summed.
  public private(set) var count = 0
  /// How many were not, for an element that is not finite or too large.
  public private(set) var unusableCount = 0
  private var sums: [Int128]
  /// Products of features i ≤ j, row by row.
  private var products: [Int128]

  /// Sums of no vector of `size` features yet.
  public init(size: Int) {
    precondition(size >= 1)
    self.size = size
    sums = [Int128](repeating: 0, count: size)
    products = [Int128](repeating: 0, count: Self.pairCount(size))
  }

  private static func pairCount(_ size: Int) -> Int { size * (size + 1) / 2 }
}

extension FeatureSums {
  /// Takes in one vector of `size` features. O(size²).
  public mutating func add(_ features: [Float]) {
    precondition(features.count == size)
    guard features.allSatisfy({ $0.isFinite && abs($0) <= Self.largest }) else {
      unusableCount += 1
      return
    }
    let fixed = features.map { Int64((Double($0) * Self.scale).rounded(.toNearestOrEven)) }
    count += 1
    var index = 0
    for i in 0..<size {
      sums[i] += Int128(fixed[i])
      for j in i..<size {
        // 112 bits at most: 2¹⁵ vectors of the largest features fit, far more of any real ones.
        products[index] &+= Int128(fixed[i]) &* Int128(fixed[j])
        index += 1
      }
    }
  }

  /// Takes in what another part summed.
  ///
  /// - Throws: `VerificationError.shape` where its vectors have another length.
  public mutating func add(_ other: FeatureSums) throws(VerificationError) {
    guard other.size == size else {
      throw .shape(name: "features", expected: [size], found: [other.size])
    }
    count += other.count
    unusableCount += other.unusableCount
    for index in sums.indices { sums[index] &+= other.sums[index] }
    for index in products.indices { products[index] &+= other.products[index] }
  }

  /// Mean and sample covariance, each rounded once from the exact value; nil for fewer than two
  /// vectors, and where one was unusable.
  public func moments() throws(VerificationError) -> FeatureMoments? {
    guard count >= 2, unusableCount == 0 else { return nil }
    let divisor = Double(count) * Double(count - 1) * Self.scale * Self.scale
    var covariance = [Double](repeating: 0, count: size * size)
    var index = 0
    for i in 0..<size {
      for j in i..<size {
        let value = scatter(i, j, products[index]) / divisor
        covariance[i * size + j] = value
        covariance[j * size + i] = value
        index += 1
      }
    }
    let mean = sums.map { Double($0) / Double(count) / Self.scale }
    return try FeatureMoments(mean: mean, covariance: covariance)
  }

  /// n Σ f_i f_j − Σ f_i Σ f_j, in 256 bits, rounded to a double.
  private func scatter(_ i: Int, _ j: Int, _ product: Int128) -> Double {
    let whole = product.multipliedFullWidth(by: Int128(count))
    let part = sums[i].multipliedFullWidth(by: sums[j])
    let (low, borrows) = whole.low.subtractingReportingOverflow(part.low)
    let high = whole.high &- part.high &- (borrows ? 1 : 0)
    guard high < 0 else { return Double(high) * 0x1p128 + Double(low) }
    let (magnitude, carries) = (~low).addingReportingOverflow(1)
    return -(Double(~high &+ (carries ? 1 : 0)) * 0x1p128 + Double(magnitude))
  }
}

extension FeatureSums: Codable {
  private enum Key: String, CodingKey {
    case size, count, unusableCount, sums, products
  }

  /// Sums as base64 of little-endian integers of 16 bytes.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(size, forKey: .size)
    try container.encode(count, forKey: .count)
    try container.encode(unusableCount, forKey: .unusableCount)
    try container.encode(Self.bytes(sums), forKey: .sums)
    try container.encode(Self.bytes(products), forKey: .products)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    size = try container.decode(Int.self, forKey: .size)
    guard (1...65_536).contains(size) else {
      throw DecodingError.dataCorruptedError(
        forKey: .size, in: container, debugDescription: "expected 1 to 65536, found \(size)")
    }
    count = try Self.tally(container, .count)
    unusableCount = try Self.tally(container, .unusableCount)
    sums = try Self.integers(container, .sums, count: size)
    products = try Self.integers(container, .products, count: Self.pairCount(size))
  }

  private static func tally(_ container: KeyedDecodingContainer<Key>, _ key: Key) throws -> Int {
    let value = try container.decode(Int.self, forKey: key)
    guard (0...Int(Int32.max)).contains(value) else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container, debugDescription: "expected a number of images, found \(value)")
    }
    return value
  }

  private static func bytes(_ integers: [Int128]) -> Data {
    integers.map(\.littleEndian).withUnsafeBytes { Data($0) }
  }

  private static func integers(
    _ container: KeyedDecodingContainer<Key>, _ key: Key, count: Int
  ) throws -> [Int128] {
    let data = try container.decode(Data.self, forKey: key)
    guard data.count == count * 16 else {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container,
        debugDescription: "expected \(count * 16) bytes, found \(data.count)")
    }
    return data.withUnsafeBytes { bytes in
      (0..<count).map {
        Int128(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 16, as: Int128.self))
      }
    }
  }
}
