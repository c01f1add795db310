import FileIO
import Tensors

/// The tensors of one network in a checkpoint of the original layout: those whose names begin alike.
struct OriginalTensors {
  /// What their names begin with.
  let prefix: String
  /// Their names without it and their numbers in the file, in the file's order.
  let names: [(name: String, index: Int)]
  private let infos: [TensorInfo]
  private let indices: [ByteString: Int]

  /// The tensors of `infos` whose names begin with `prefix`; nil where there are none.
  init?(_ infos: [TensorInfo], prefix: String) {
    let found = infos.enumerated().compactMap { index, info in
      info.name.hasPrefix(prefix)
        ? (name: String(info.name.dropFirst(prefix.count)), index: index) : nil
    }
    guard !found.isEmpty else { return nil }
    self.prefix = prefix
    self.infos = infos
    names = found
    indices = Dictionary(
      found.map { (ByteString($0.name), $0.index) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether there is a tensor of that name.
  func has(_ name: String) -> Bool { indices[ByteString(name)] != nil }

  /// The extents of the tensor called `name`; empty where there is none.
  func extents(_ name: String) -> [Int] {
    indices[ByteString(name)].map { infos[$0].shape.dimensions } ?? []
  }

  /// The extent of `axis` of the tensor called `name`.
  ///
  /// - Throws: `JobError.layout` where there is none.
  func extent(_ name: String, _ axis: Int) throws -> Int {
    let extents = extents(name)
    guard extents.indices.contains(axis) else {
      throw JobError.layout(
        name: prefix + name, expected: "a tensor of more than \(axis) axes",
        found: extents.isEmpty ? "nothing" : "\(extents)")
    }
    return extents[axis]
  }

  /// How many of `STEM.0SUFFIX`, `STEM.1SUFFIX` … there are, from the first on.
  func count(_ stem: String, _ suffix: String) -> Int {
    var count = 0
    while has("\(stem).\(count)\(suffix)") { count += 1 }
    return count
  }

  /// The tensor number `index` under another name.
  func view(_ index: Int, as name: String) -> TensorView {
    TensorView(name: name, shape: infos[index].shape, source: index)
  }
}
