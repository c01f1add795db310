import FileIO
import Tensors

/// Tensors spread over several safetensors files, listed in an index (`*.safetensors.index.json`).
///
/// Every tensor of a shard must be listed for that shard, and every listed tensor must be there.
public final class ShardedSafetensors: TensorSource {
  /// The tensors, shard by shard in the order of the shards' names.
  public let tensors: [TensorInfo]
  /// The shards' paths, sorted.
  public let shardPaths: [String]

  /// The shards' notes, each with the shard's name.
  public var notes: [String] {
    shards.flatMap { shard in shard.notes.map { "\(shard.path.lastComponent): \($0)" } }
  }

  private let shards: [SafetensorsFile]
  private let places: [(shard: Int, index: Int)]

  private static let maximumIndexSize: UInt64 = 256 << 20

  /// Opens the index at `indexPath` and all shards beside it.
  ///
  /// - Throws: `SafetensorsError`.
  public init(indexPath: String) throws(SafetensorsError) {
    let index = try ShardIndex(path: indexPath, maximumSize: Self.maximumIndexSize)
    let folder = indexPath.parentFolder
    let names = Set(index.weightMap.values.map(ByteString.init)).sorted().map(\.text)
    var shards: [SafetensorsFile] = []
    var tensors: [TensorInfo] = []
    var places: [(shard: Int, index: Int)] = []
    var seen: [ByteString: String] = [:]
    for name in names {
      let file = try SafetensorsFile(path: folder == "." ? name : "\(folder)/\(name)")
      for (position, info) in file.tensors.enumerated() {
        try index.check(info.name, isIn: name, earlier: seen[ByteString(info.name)])
        seen[ByteString(info.name)] = name
        tensors.append(info)
        places.append((shards.count, position))
      }
      shards.append(file)
    }
    try index.checkComplete(seen)
    try index.checkTotal(tensors.reduce(0) { $0 + $1.byteCount })
    self.tensors = tensors
    self.shards = shards
    self.places = places
    shardPaths = shards.map(\.path)
  }
}

extension ShardedSafetensors {
  /// Reads bytes of a tensor out of its shard.
  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let place = places[index]
    try shards[place.shard].read(place.index, at: offset, into: buffer)
  }

  /// Every tensor stands in its shard as it is.
  public func location(_ index: Int) -> TensorLocation? {
    shards[places[index].shard].location(places[index].index)
  }

  /// Checks that all shards are as they were when they were opened.
  public func checkUnchanged() throws {
    for shard in shards { try shard.checkUnchanged() }
  }
}

/// The content of an index file.
private struct ShardIndex {
  let path: String
  let weightMap: [ByteString: String]
  let totalSize: Int?

  init(path: String, maximumSize: UInt64) throws(SafetensorsError) {
    self.path = path
    let document = try Self.document(path, maximumSize)
    guard let members = document["weight_map"]?.members else {
      throw .index(
        file: path, field: "weight_map", expected: "an object",
        found: document["weight_map"]?.kindName ?? "nothing")
    }
    var weightMap: [ByteString: String] = [:]
    for member in members {
      let field = "weight_map.\(member.name.escapedForDisplay(limit: 200))"
      guard let shard = member.value.string else {
        throw .index(
          file: path, field: field, expected: "a file name", found: member.value.kindName)
      }
      // Shards stand beside the index; anything that could lead elsewhere is refused.
      guard !shard.isEmpty, !shard.utf8.contains(0), !shard.contains("/"), !shard.contains("\\"),
        shard != ".", shard != ".."
      else {
        throw .index(
          file: path, field: field, expected: "a file name in the index's folder",
          found: "\"\(shard.escapedForDisplay(limit: 200))\"")
      }
      weightMap[ByteString(member.name)] = shard
    }
    self.weightMap = weightMap
    totalSize = document["metadata"]?["total_size"]?.int
  }

  private static func document(
    _ path: String, _ maximumSize: UInt64
  ) throws(SafetensorsError) -> JSONValue {
    let bytes: [UInt8]
    do {
      let file = try InputFile(path: path)
      guard file.size <= maximumSize else {
        throw SafetensorsError.limit(
          file: path, tensor: "", field: "index", expected: "at most \(maximumSize) bytes",
          found: "\(file.size)")
      }
      bytes = try file.bytes(at: 0, count: Int(file.size))
    } catch let error as FileIOError {
      throw .file(error)
    } catch let error as SafetensorsError {
      throw error
    } catch {
      throw .index(file: path, field: "index", expected: "a readable file", found: "\(error)")
    }
    do {
      return try JSONParser().parse(bytes)
    } catch {
      throw .index(
        file: path, field: "offset \(error.offset)", expected: "a shard index", found: error.reason)
    }
  }

  func check(
    _ tensor: String, isIn shard: String, earlier: String?
  ) throws(SafetensorsError) {
    let field = "weight_map.\(tensor.escapedForDisplay(limit: 200))"
    if let earlier {
      throw .index(
        file: path, field: field, expected: "the tensor in one shard",
        found: "it in \(earlier.escapedForDisplay) and \(shard.escapedForDisplay)")
    }
    guard weightMap[ByteString(tensor)] == shard else {
      throw .index(
        file: path, field: field,
        expected: weightMap[ByteString(tensor)].map(\.escapedForDisplay) ?? "no such tensor",
        found: "it in \(shard.escapedForDisplay)")
    }
  }

  func checkComplete(_ seen: [ByteString: String]) throws(SafetensorsError) {
    let missing = weightMap.keys.filter { seen[$0] == nil }.sorted().first
    if let missing {
      throw .index(
        file: path, field: "weight_map.\(missing.text.escapedForDisplay(limit: 200))",
        expected: "the tensor in \((weightMap[missing] ?? "").escapedForDisplay)",
        found: "no such tensor there")
    }
  }

  func checkTotal(_ total: Int) throws(SafetensorsError) {
    if let totalSize, totalSize != total {
      throw .index(
        file: path, field: "metadata.total_size", expected: "\(total)", found: "\(totalSize)")
    }
  }
}
