/// One of several equal parts of a verification's samples.
public struct Shard: Hashable, Codable, Sendable {
  /// Which part, from 1.
  public let index: Int
  /// How many parts there are.
  public let count: Int

  /// Part `index` of `count`; nil unless 1 ≤ index ≤ count.
  public init?(index: Int, count: Int) {
    guard (1...max(count, 1)).contains(index), count >= 1 else { return nil }
    self.index = index
    self.count = count
  }

  /// The part written `i/n`, such as `2/8`.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    self.init(index: index, count: count)
  }

  /// The samples of this part out of `total`: a run of neighbours, parts differing by at most one.
  public func samples(of total: Int) -> Range<Int> {
    let (size, rest) = total.quotientAndRemainder(dividingBy: count)
    let start = (index - 1) * size + min(index - 1, rest)
    return start..<(start + size + (index <= rest ? 1 : 0))
  }
}

extension Shard: CustomStringConvertible {
  public var description: String { "\(index)/\(count)" }
}
