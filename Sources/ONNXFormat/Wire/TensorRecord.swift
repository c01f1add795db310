/// A run of a data field's numbers, or one string or byte field, in the file.
struct PayloadRun {
  /// Which field.
  let field: PayloadField
  /// Where the content starts: at the first number of a packed list, at the first tag otherwise.
  let offset: UInt64
  /// How many bytes the run takes.
  var byteCount: UInt64
  /// How many numbers it holds; 1 for a string or `raw_data`.
  var count: Int
  /// Whether the numbers stand without tags.
  let isPacked: Bool
}

/// What the scanner saw of a tensor's data fields.
struct TensorRecord {
  /// How many numbers a run of varints or of unpacked numbers holds at most, so that a part of a
  /// long list is found without decoding what stands before it.
  static let runLength = 65_536

  /// Where the tensor's message starts.
  let offset: UInt64
  /// The runs in file order.
  var runs: [PayloadRun] = []
}

/// How much structure a file may have.
struct WireLimits {
  /// Messages and groups in one another.
  var depth = 100
  /// Fields, and elements of packed lists outside tensors' data.
  var fields = 10_000_000
  /// Messages.
  var messages = 1_000_000
  /// Runs of tensors' data fields.
  var runs = 1_000_000
  /// Bytes of the skeleton.
  var skeletonBytes = 64 * 1024 * 1024
}
