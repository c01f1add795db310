import Glibc

/// Bytes aligned for every instruction set, freed or handed back with the last reference.
public final class TensorBuffer: @unchecked Sendable {
  /// The alignment of the first byte: a cache line, and an AVX-512 register.
  public static let alignment = 64

  /// The first byte; never null.
  public let base: UnsafeMutableRawPointer
  /// How many bytes may be used.
  public let byteCount: Int
  private let release: @Sendable (UnsafeMutableRawPointer) -> Void

  /// Allocates `byteCount` bytes whose content is not defined.
  ///
  /// - Throws: `TensorError.outOfMemory` where the system refuses.
  public init(byteCount: Int) throws(TensorError) {
    var pointer: UnsafeMutableRawPointer?
    // 64 bytes more than asked for, so that a vector load may run past the last element.
    let (padded, overflow) = max(byteCount, 0).addingReportingOverflow(Self.alignment)
    guard !overflow, posix_memalign(&pointer, Self.alignment, padded) == 0, let pointer else {
      throw .outOfMemory(byteCount: byteCount)
    }
    base = pointer
    self.byteCount = byteCount
    release = { free($0) }
  }

  /// Wraps memory that `release` gives back: a block of an arena, a view of another buffer.
  public init(
    base: UnsafeMutableRawPointer, byteCount: Int,
    release: @escaping @Sendable (UnsafeMutableRawPointer) -> Void
  ) {
    self.base = base
    self.byteCount = byteCount
    self.release = release
  }

  deinit { release(base) }
}
