/// Where values lie in one piece of memory, so that those that are never needed at once share bytes.
///
/// Largest first, each block takes the smallest gap that holds it among the blocks placed already
/// that live at the same time (greedy by size; Pisarchyk and Lee, arXiv:2001.03288, section 4). O(n²)
/// in the number of blocks.
public struct MemoryPlan: Sendable, Equatable {
  /// Bytes that are needed from one step of a run to another.
  public struct Block: Sendable, Equatable {
    /// How many.
    public var byteCount: Int
    /// The first and the last step that needs them.
    public var steps: ClosedRange<Int>

    /// Bytes that `steps` need.
    public init(byteCount: Int, steps: ClosedRange<Int>) {
      self.byteCount = byteCount
      self.steps = steps
    }
  }

  /// Every block's first byte begins at a multiple of this.
  public static let alignment = 64

  /// The first byte of each block.
  public private(set) var offsets: [Int]
  /// How many bytes all blocks take together.
  public private(set) var byteCount = 0
  /// The most bytes needed at one step: no plan takes fewer.
  public let leastByteCount: Int

  /// Places `blocks`.
  public init(_ blocks: [Block]) {
    offsets = [Int](repeating: 0, count: blocks.count)
    leastByteCount = Self.mostAlive(blocks)
    var placed: [Int] = []
    let order = blocks.indices.sorted {
      (blocks[$1].byteCount, $0) < (blocks[$0].byteCount, $1)
    }
    for index in order where blocks[index].byteCount > 0 {
      let neighbours = placed.filter { blocks[$0].steps.overlaps(blocks[index].steps) }
      offsets[index] = Self.offset(
        Self.aligned(blocks[index].byteCount),
        among: neighbours.map { offsets[$0]..<offsets[$0] + Self.aligned(blocks[$0].byteCount) })
      byteCount = max(byteCount, offsets[index] + Self.aligned(blocks[index].byteCount))
      placed.append(index)
    }
  }

  /// The start of the smallest gap of `byteCount` bytes between the ranges `taken`.
  private static func offset(_ byteCount: Int, among taken: [Range<Int>]) -> Int {
    var (end, best, room) = (0, -1, Int.max)
    for range in taken.sorted(by: {
      ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound)
    }) {
      let gap = range.lowerBound - end
      if gap >= byteCount, gap < room { (best, room) = (end, gap) }
      end = max(end, range.upperBound)
    }
    return best >= 0 ? best : end
  }

  private static func aligned(_ byteCount: Int) -> Int {
    (byteCount + alignment - 1) / alignment * alignment
  }

  private static func mostAlive(_ blocks: [Block]) -> Int {
    var changes: [Int: Int] = [:]
    for block in blocks {
      changes[block.steps.lowerBound, default: 0] += aligned(block.byteCount)
      changes[block.steps.upperBound + 1, default: 0] -= aligned(block.byteCount)
    }
    var (alive, most) = (0, 0)
    for step in changes.keys.sorted() {
      alive += changes[step, default: 0]
      most = max(most, alive)
    }
    return most
  }
}
