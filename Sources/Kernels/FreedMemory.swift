import CImgKernels

/// How the C library keeps memory that was freed.
public enum FreedMemory {
  /// Has blocks of 8 MiB or more given back to the system as soon as they are freed.
  ///
  /// glibc otherwise keeps ever larger ones for the next of that size, which multiplies the peak
  /// where every tensor has a size of its own. For jobs that stream tensors: one that computes with
  /// the same sizes again and again would have its pages cleared each time.
  public static func giveBackLargeBlocks() {
    // Where the C library cannot, nothing but memory is lost.
    _ = imgk_give_back_from(8 << 20)
  }
}
