import FileIO
import Tensors

/// The header of a safetensors file: tensors in the order of their data, and free text.
struct SafetensorsHeader: Sendable {
  /// How long a header may be, in bytes (the reference implementation's limit).
  static let maximumByteCount: UInt64 = 100_000_000
  /// How many tensors a file may hold.
  static let maximumTensors = 100_000
  /// How many axes a tensor may have.
  static let maximumRank = 64

  /// A tensor and where its data begin, in bytes from the start of the data.
  struct Entry: Sendable {
    let info: TensorInfo
    let begin: Int
  }

  let entries: [Entry]
  let metadata: [String: String]

  /// Reads and checks the header of `file`, whose data begin at `dataStart` and take `dataSize`.
  init(_ bytes: [UInt8], file: String, dataStart: UInt64, dataSize: UInt64) throws(SafetensorsError)
  {
    var parser = JSONParser()
    // An entry holds its object, three fields and a few extents.
    parser.maximumValues = Self.maximumTensors * 80
    parser.maximumMembers = Self.maximumTensors + 1
    parser.maximumDepth = 8
    let document: JSONValue
    do {
      document = try parser.parse(bytes)
    } catch {
      throw .header(file: file, error)
    }
    guard let members = document.members else {
      throw .field(
        file: file, tensor: "", field: "header", expected: "an object", found: document.kindName)
    }
    let reader = EntryReader(file: file)
    var metadata: [String: String] = [:]
    var ranged: [RangedEntry] = []
    for member in members {
      if member.name == "__metadata__" {
        metadata = try reader.metadata(member.value)
      } else {
        ranged.append(try reader.entry(member))
      }
    }
    entries = try LayoutCheck(file: file, dataStart: dataStart, dataSize: dataSize).ordered(ranged)
    self.metadata = metadata
  }
}

extension SafetensorsHeader {
  /// What a reader lets pass and a writer would not write, in words: white space before the JSON,
  /// types that the runtime does not compute with.
  static func notes(_ bytes: [UInt8], _ entries: [Entry]) -> [String] {
    var notes: [String] = []
    if let first = bytes.first, first != UInt8(ascii: "{") {
      notes.append("header: white space before the JSON dropped")
    }
    let opaque = entries.count { $0.info.dtype.isOpaque }
    if opaque > 0 {
      notes.append("\(opaque) tensors of fp8, fp6, fp4 or complex types passed through")
    }
    return notes
  }
}

extension DType {
  /// Whether the runtime only carries such elements along.
  fileprivate var isOpaque: Bool {
    switch self {
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1,
      .float6e2m3, .float6e3m2, .complex64, .complex128:
      true
    default: false
    }
  }
}

/// An entry with both its offsets, as the header states them.
struct RangedEntry {
  let info: TensorInfo
  let begin: UInt64
  let end: UInt64
}

/// Reads single entries of the header.
private struct EntryReader {
  let file: String

  func metadata(_ value: JSONValue) throws(SafetensorsError) -> [String: String] {
    guard let members = value.members else {
      throw field("", "__metadata__", "an object of strings", value.kindName)
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else {
        throw field(
          "", "__metadata__.\(member.name.escapedForDisplay(limit: 100))", "a string",
          member.value.kindName)
      }
      metadata[member.name] = text
    }
    return metadata
  }

  func entry(_ member: JSONMember) throws(SafetensorsError) -> RangedEntry {
    let name = member.name
    guard !name.isEmpty else {
      throw field("", "tensor name", "at least one character", "an empty name")
    }
    guard !name.utf8.contains(0) else {
      throw field(name, "name", "no NUL character", "one")
    }
    guard let fields = member.value.members else {
      throw field(name, "entry", "an object", member.value.kindName)
    }
    if let stranger = fields.first(where: { !Self.names.contains($0.name) }) {
      throw field(
        name, stranger.name.escapedForDisplay(limit: 100), "dtype, shape and data_offsets only",
        "another field")
    }
    let dtype = try dtype(name, try required(name, "dtype", member.value))
    let shape = try shape(name, try required(name, "shape", member.value))
    let (begin, end) = try offsets(name, try required(name, "data_offsets", member.value))
    let byteCount = try byteCount(name, dtype, shape)
    guard begin <= end else {
      throw field(name, "data_offsets", "begin <= end", "[\(begin), \(end)]")
    }
    guard end - begin == UInt64(byteCount) else {
      throw field(
        name, "data_offsets", "\(byteCount) bytes for \(dtype.name) \(shape)", "\(end - begin)")
    }
    return RangedEntry(
      info: TensorInfo(name: name, dtype: dtype, shape: shape, byteCount: byteCount),
      begin: begin, end: end)
  }

  private static let names: Set<String> = ["dtype", "shape", "data_offsets"]

  private func field(
    _ tensor: String, _ field: String, _ expected: String, _ found: String
  ) -> SafetensorsError {
    .field(file: file, tensor: tensor, field: field, expected: expected, found: found)
  }

  private func required(
    _ tensor: String, _ name: String, _ entry: JSONValue
  ) throws(SafetensorsError) -> JSONValue {
    guard let value = entry[name] else { throw field(tensor, name, "a value", "nothing") }
    return value
  }

  private func dtype(_ tensor: String, _ value: JSONValue) throws(SafetensorsError) -> DType {
    guard let code = value.string else { throw field(tensor, "dtype", "a string", value.kindName) }
    guard let dtype = DType(safetensorsCode: code) else {
      throw .dtype(file: file, tensor: tensor, found: code)
    }
    return dtype
  }

  private func shape(_ tensor: String, _ value: JSONValue) throws(SafetensorsError) -> Shape {
    guard let elements = value.elements else {
      throw field(tensor, "shape", "an array", value.kindName)
    }
    guard elements.count <= SafetensorsHeader.maximumRank else {
      throw .limit(
        file: file, tensor: tensor, field: "shape",
        expected: "at most \(SafetensorsHeader.maximumRank) axes", found: "\(elements.count)")
    }
    var extents: [Int] = []
    for element in elements {
      guard let extent = natural(element), let fitting = Int(exactly: extent) else {
        throw field(tensor, "shape", "extents from 0 to 2^63 - 1", element.kindName)
      }
      extents.append(fitting)
    }
    do {
      return try Shape(checking: extents)
    } catch {
      throw field(tensor, "shape", "a number of elements that fits 64 bits", "\(extents)")
    }
  }

  private func offsets(
    _ tensor: String, _ value: JSONValue
  ) throws(SafetensorsError) -> (UInt64, UInt64) {
    guard let elements = value.elements, elements.count == 2, let begin = natural(elements[0]),
      let end = natural(elements[1])
    else {
      throw field(tensor, "data_offsets", "two integers from 0 to 2^64 - 1", value.kindName)
    }
    return (begin, end)
  }

  private func natural(_ value: JSONValue) -> UInt64? {
    guard case .number(let number) = value else { return nil }
    return number.integer()
  }

  private func byteCount(
    _ tensor: String, _ dtype: DType, _ shape: Shape
  ) throws(SafetensorsError) -> Int {
    let (bits, overflow) = shape.elementCount.multipliedReportingOverflow(by: dtype.bitWidth)
    guard !overflow, bits <= Int.max - 7 else {
      throw field(tensor, "shape", "a number of bits that fits 64 bits", "\(shape)")
    }
    guard bits % 8 == 0 else {
      throw field(tensor, "shape", "whole bytes of \(dtype.name)", "\(bits) bits")
    }
    return bits / 8
  }
}

/// Checks that the tensors' data follow one another without gap or overlap and fill the file.
private struct LayoutCheck {
  let file: String
  let dataStart: UInt64
  let dataSize: UInt64

  func ordered(_ entries: [RangedEntry]) throws(SafetensorsError) -> [SafetensorsHeader.Entry] {
    let sorted = entries.sorted {
      ($0.begin, $0.end, ByteString($0.info.name)) < ($1.begin, $1.end, ByteString($1.info.name))
    }
    var position: UInt64 = 0
    var result: [SafetensorsHeader.Entry] = []
    for entry in sorted {
      guard entry.begin == position else {
        throw .layout(
          file: file, offset: place(entry.begin), tensor: entry.info.name,
          expected: "data from \(position) on",
          found: entry.begin < position
            ? "an overlap at \(entry.begin)" : "a hole up to \(entry.begin)")
      }
      guard entry.end <= dataSize, let begin = Int(exactly: entry.begin) else {
        throw .layout(
          file: file, offset: place(entry.begin), tensor: entry.info.name,
          expected: "data up to \(entry.end)", found: "the end of the file at \(dataSize)")
      }
      result.append(SafetensorsHeader.Entry(info: entry.info, begin: begin))
      position = entry.end
    }
    guard position == dataSize else {
      throw .layout(
        file: file, offset: place(position), tensor: "",
        expected: "the end of the file after the last tensor",
        found: "\(dataSize - position) more bytes")
    }
    return result
  }

  private func place(_ offset: UInt64) -> UInt64 {
    let (sum, overflow) = dataStart.addingReportingOverflow(offset)
    return overflow ? .max : sum
  }
}
