/// Where each weight goes in a file of external data.
struct ExternalLayout {
  /// Weights of fewer bytes stay in the model.
  static let threshold = 1024

  /// The data file's name, relative to the model's folder.
  let location: String
  /// Every weight's offset is a multiple of this.
  let alignment: Int
  /// The weights in the order of their offsets.
  private(set) var entries: [(weight: Int, offset: Int)] = []
  private var end = 0

  init(location: String, alignment: Int) {
    precondition(alignment > 0)
    self.location = location
    self.alignment = alignment
  }

  /// Gives `weight` the next aligned place and says where that is; a weight that has a place
  /// already gets another, so that no two tensors of the model overlap.
  mutating func place(_ weight: Int, byteCount: Int) -> Int {
    let offset = (end + alignment - 1) / alignment * alignment
    entries.append((weight, offset))
    end = offset + byteCount
    return offset
  }
}
