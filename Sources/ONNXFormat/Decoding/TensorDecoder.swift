import COnnxSchema
import FileIO
import Tensors

/// Turns `TensorProto` messages into stored tensors, checking everything that can be checked
/// without reading elements.
struct TensorDecoder {
  /// Axes that a tensor may have.
  static let maximumRank = 64
  /// Bytes of strings that one tensor may hold, since strings are kept in memory.
  static let stringLimit = 64 * 1024 * 1024

  /// The model's file.
  let file: InputFile
  /// The scanner's records of the tensors' data.
  let records: [TensorRecord]
  /// Where external data is found; nil for a lone tensor file, which may have none.
  let external: ExternalData?

  /// Decodes `tensor`, called `name` in messages and in the weights.
  func decode(
    _ tensor: UnsafePointer<Onnx__TensorProto>, name: String
  ) throws(ONNXError) -> StoredTensor {
    let message = tensor.pointee
    let record = records[Int(message.scan_record)]
    let place = ONNXPlace(
      file: file.path, offset: record.offset, subject: "tensor \(name)")
    guard message.segment == nil else { throw .segmented(place.field("segment")) }
    let dtype = try Self.type(Int(message.data_type), place.field("data_type"))
    let shape = try Self.shape(numbers(message.n_dims, message.dims), place.field("dims"))
    let runs = record.runs.filter { $0.byteCount > 0 || $0.field == .stringData }
    var fields: [PayloadField] = []
    for run in runs where !fields.contains(run.field) { fields.append(run.field) }
    let location = Int(message.data_location)
    guard location == 0 || location == 1 else {
      throw .unknownDataLocation(place.field("data_location"), found: location)
    }
    if location == 1 {
      guard fields.isEmpty else { throw .inlineAndExternal(place.field(fields[0].name)) }
      return try externalTensor(message, name: name, dtype, shape, place.field("external_data"))
    }
    guard message.n_external_data == 0 else {
      throw .unusedExternalData(place.field("external_data"))
    }
    guard fields.count <= 1 else {
      throw .severalDataFields(place, found: fields.map(\.name))
    }
    return try inlineTensor(runs, name: name, dtype, shape, place)
  }
}

extension TensorDecoder {
  /// The type of that number.
  static func type(_ number: Int, _ place: ONNXPlace) throws(ONNXError) -> DType {
    guard number != 0 else { throw .undefinedType(place) }
    guard let dtype = DType(onnxNumber: number) else {
      throw .unknownType(place, found: number)
    }
    return dtype
  }

  /// The shape of those extents.
  static func shape(_ dimensions: [Int64], _ place: ONNXPlace) throws(ONNXError) -> Shape {
    guard dimensions.count <= maximumRank else {
      throw .rankTooLarge(place, limit: maximumRank, found: dimensions.count)
    }
    if let negative = dimensions.first(where: { $0 < 0 }) {
      throw .negativeDimension(place, found: negative)
    }
    guard let shape = try? Shape(checking: dimensions.map(Int.init)) else {
      throw .sizeOverflow(place, dimensions: dimensions)
    }
    return shape
  }

  private static func info(
    _ name: String, _ dtype: DType, _ shape: Shape, _ place: ONNXPlace
  ) throws(ONNXError) -> TensorInfo {
    guard let info = try? TensorInfo(name: name, dtype: dtype, shape: shape) else {
      throw .sizeOverflow(place.field("dims"), dimensions: shape.dimensions.map(Int64.init))
    }
    return info
  }

  private func externalTensor(
    _ message: Onnx__TensorProto, name: String, _ dtype: DType, _ shape: Shape, _ place: ONNXPlace
  ) throws(ONNXError) -> StoredTensor {
    guard dtype != .string else { throw .externalStrings(place) }
    guard let external else { throw .locationEscapes(place, found: "external data") }
    let info = try Self.info(name, dtype, shape, place)
    var entries: [(key: String, value: String)] = []
    for entry in MessageList(message.n_external_data, message.external_data) {
      entries.append((text(entry.pointee.key), text(entry.pointee.value)))
    }
    let (file, offset) = try external.resolve(entries, byteCount: info.byteCount, place)
    return StoredTensor(
      info: info, payload: info.byteCount == 0 ? .empty : .raw(file, offset: offset), place: place)
  }

  private func inlineTensor(
    _ runs: [PayloadRun], name: String, _ dtype: DType, _ shape: Shape, _ place: ONNXPlace
  ) throws(ONNXError) -> StoredTensor {
    if dtype == .string { return try stringTensor(runs, name: name, shape, place) }
    let info = try Self.info(name, dtype, shape, place)
    guard let first = runs.first else {
      guard info.byteCount == 0 else {
        throw .dataByteCount(place, expected: info.byteCount, found: 0)
      }
      return StoredTensor(info: info, payload: .empty, place: place)
    }
    let place = place.field(first.field.name)
    guard info.byteCount > 0 else { throw .dataWithoutElements(place) }
    if first.field == .rawData {
      try checkRaw(first, info, place)
      return StoredTensor(info: info, payload: .raw(file, offset: first.offset), place: place)
    }
    guard first.field == dtype.payloadField else {
      throw .wrongDataField(
        place, expected: "\(dtype.payloadField.name) or raw_data", found: first.field.name)
    }
    let list = NumberList(file, runs, dtype: dtype)
    let expected = NumberList.count(
      of: dtype, elementCount: shape.elementCount, byteCount: info.byteCount)
    guard list.count == expected else {
      throw .dataCount(place, expected: expected ?? Int.max, found: list.count)
    }
    return StoredTensor(info: info, payload: .numbers(list), place: place)
  }

  private func checkRaw(
    _ run: PayloadRun, _ info: TensorInfo, _ place: ONNXPlace
  ) throws(ONNXError) {
    let width = info.dtype.byteWidth
    guard run.byteCount % UInt64(width) == 0 else {
      throw .rawNotWholeElements(place, width: width, found: run.byteCount)
    }
    guard run.byteCount == UInt64(info.byteCount) else {
      throw .dataByteCount(place, expected: info.byteCount, found: run.byteCount)
    }
  }

  private func stringTensor(
    _ runs: [PayloadRun], name: String, _ shape: Shape, _ place: ONNXPlace
  ) throws(ONNXError) -> StoredTensor {
    if let other = runs.first(where: { $0.field != .stringData }) {
      throw .wrongDataField(
        place.field(other.field.name), expected: "string_data", found: other.field.name)
    }
    let place = place.field("string_data")
    guard runs.count == shape.elementCount else {
      throw .dataCount(place, expected: shape.elementCount, found: runs.count)
    }
    let total = runs.reduce(UInt64(0)) { $0 + $1.byteCount + 4 }
    guard total <= UInt64(Self.stringLimit) else {
      throw .tensorTooLarge(place, limit: Self.stringLimit, found: Int(clamping: total))
    }
    var bytes = ByteBuilder()
    for run in runs {
      let element: [UInt8]
      do throws(FileIOError) {
        element = try file.bytes(at: run.offset, count: Int(run.byteCount))
      } catch {
        throw .file(error)
      }
      guard String(validating: element, as: UTF8.self) != nil else { throw .invalidUTF8(place) }
      bytes.append(UInt32(element.count))
      bytes.append(contentsOf: element)
    }
    let info = TensorInfo(
      name: name, dtype: .string, shape: shape, byteCount: bytes.bytes.count)
    return StoredTensor(info: info, payload: .strings(bytes.bytes), place: place)
  }
}

extension TensorDecoder {
  /// Decodes a sparse tensor as the dense one that it stands for.
  func decode(
    sparse: UnsafePointer<Onnx__SparseTensorProto>, name: String
  ) throws(ONNXError) -> StoredTensor {
    try SparseDecoder(tensors: self).decode(sparse, name: name)
  }
}
