import FileIO

/// Checks a file's protobuf structure without recursion and without holding the file, and makes
/// the skeleton that libprotobuf-c unpacks.
final class WireScanner {
  struct Frame {
    /// The message's number in the schema; nil inside an unknown group.
    let message: Int?
    /// The group's field number; 0 for a message.
    let group: UInt32
    /// The offset after the message's last byte; for a group, that of the message around it.
    let end: UInt64
    /// The position, in the message around it, of the field that holds the message.
    let position: Int?
    /// Where in the skeleton the message's length stands; nil for the root and groups.
    let length: Int?
    /// The number of the tensor's record.
    let record: Int?
    /// Which singular fields were seen, by position.
    var seen: UInt64 = 0
  }

  let schema: WireSchema
  let limits: WireLimits
  let window: WireWindow
  let path: String
  var frames: [Frame] = []
  var skeleton: WireSkeleton
  var fieldCount = 0
  var messageCount = 0
  var runCount = 0
  /// Where the current field's tag stands.
  var tagOffset: UInt64 = 0
  /// The current field's position, for messages.
  var current: Int?

  private init(_ file: InputFile, schema: WireSchema, limits: WireLimits) {
    self.schema = schema
    self.limits = limits
    window = WireWindow(file)
    path = file.path
    skeleton = WireSkeleton(path: file.path)
  }

  /// Scans all of `file`.
  ///
  /// - Throws: `ONNXError` where the wire is malformed or over a limit.
  static func scan(
    _ file: InputFile, schema: WireSchema, limits: WireLimits = WireLimits()
  ) throws(ONNXError) -> WireSkeleton {
    let scanner = WireScanner(file, schema: schema, limits: limits)
    try scanner.open(0, group: 0, end: file.size, position: nil, length: nil)
    while try scanner.step() {}
    return scanner.skeleton
  }
}

extension WireScanner {
  /// Handles the next field or the end of a message; false after the end of the root.
  private func step() throws(ONNXError) -> Bool {
    let frame = frames[frames.count - 1]
    if window.position == frame.end {
      guard frame.group == 0 else { throw .unterminatedGroup(place()) }
      if let length = frame.length { skeleton.closeLength(at: length) }
      frames.removeLast()
      return !frames.isEmpty
    }
    tagOffset = window.position
    current = nil
    fieldCount += 1
    guard fieldCount <= limits.fields else { throw tooLarge("fields", limits.fields) }
    let tag = try varint()
    let number = tag >> 3
    guard number >= 1, number < 1 << 29 else { throw .fieldNumber(place(), found: number) }
    try field(UInt32(number), wireType: Int(tag & 7), in: frame)
    return true
  }

  private func field(
    _ number: UInt32, wireType: Int, in frame: Frame
  ) throws(ONNXError) {
    guard wireType <= 5 else { throw .unknownWireType(place(), found: wireType) }
    if wireType == 4 { return try closeGroup(number, frame) }
    guard let message = frame.message, let position = schema.messages[message].position(of: number)
    else { return try skipUnknown(number, wireType: wireType, frame) }
    let field = schema.messages[message].fields[position]
    current = position
    if !field.isRepeated {
      guard frame.seen & (1 << UInt64(position)) == 0 else { throw .repeatedField(place()) }
      frames[frames.count - 1].seen |= 1 << UInt64(position)
    }
    let isPacked = wireType == 2 && field.isRepeated && field.kind.isPackable
    guard wireType == field.kind.wireType || isPacked else {
      throw .wrongWireType(
        place(), expected: Self.wireTypeName(field.kind.wireType),
        found: Self.wireTypeName(wireType))
    }
    if let payload = field.payload, let record = frame.record {
      return try recordPayload(payload, field, isPacked: isPacked, record, frame)
    }
    try keep(field, isPacked: isPacked, frame)
  }

  private func keep(
    _ field: WireField, isPacked: Bool, _ frame: Frame
  ) throws(ONNXError) {
    if isPacked { return try keepPacked(field, frame) }
    switch field.kind {
    case .varint, .varint32:
      let value = try varint()
      try check(value, fits: field)
      skeleton.appendTag(field.number, wireType: 0)
      skeleton.appendVarint(value)
    case .fixed32, .fixed64:
      let width = field.kind == .fixed32 ? 4 : 8
      try require(UInt64(width), within: frame.end)
      skeleton.appendTag(field.number, wireType: field.kind.wireType)
      try window.copy(width, to: &skeleton.bytes)
    case .text, .bytes: try keepBytes(field, frame)
    case .message(let message):
      let length = try self.length(within: frame.end)
      skeleton.appendTag(field.number, wireType: 2)
      try open(
        message, group: 0, end: window.position + length, position: current,
        length: skeleton.reserveLength())
    }
    try checkSkeletonSize()
  }

  private func keepBytes(_ field: WireField, _ frame: Frame) throws(ONNXError) {
    let length = try self.length(within: frame.end)
    try checkSkeletonSize(adding: length)
    let before = skeleton.bytes.count
    skeleton.appendTag(field.number, wireType: 2)
    skeleton.appendVarint(length)
    let start = skeleton.bytes.count
    try window.copy(Int(length), to: &skeleton.bytes)
    if field.kind == .text {
      switch TextCheck(skeleton.bytes[start...]) {
      case .plain: break
      case .invalid: throw .invalidUTF8(place())
      case .nul: if !field.isDropped { throw .nulInText(place()) }
      }
    }
    if field.isDropped { skeleton.bytes.removeSubrange(before...) }
  }

  private func keepPacked(_ field: WireField, _ frame: Frame) throws(ONNXError) {
    let length = try self.length(within: frame.end)
    try checkSkeletonSize(adding: length)
    if let width = try fixedWidth(of: field, length: length) {
      fieldCount += Int(length) / width
      skeleton.appendTag(field.number, wireType: 2)
      skeleton.appendVarint(length)
      try window.copy(Int(length), to: &skeleton.bytes)
    } else {
      skeleton.appendTag(field.number, wireType: 2)
      let place = skeleton.reserveLength()
      let end = window.position + length
      while window.position < end {
        fieldCount += 1
        guard fieldCount <= limits.fields else { throw tooLarge("fields", limits.fields) }
        let value = try varint(before: end)
        try check(value, fits: field)
        skeleton.appendVarint(value)
      }
      skeleton.closeLength(at: place)
    }
    guard fieldCount <= limits.fields else { throw tooLarge("fields", limits.fields) }
    try checkSkeletonSize()
  }
}

// MARK: - Messages and groups

extension WireScanner {
  private func open(
    _ message: Int?, group: UInt32, end: UInt64, position: Int?, length: Int?
  ) throws(ONNXError) {
    guard frames.count < limits.depth else {
      throw .nestedTooDeeply(place(), limit: limits.depth)
    }
    messageCount += 1
    guard messageCount <= limits.messages else { throw tooLarge("messages", limits.messages) }
    var record: Int?
    if let message {
      if schema.messages[message].wantsOffset {
        skeleton.appendTag(WireSchema.scanOffset, wireType: 0)
        skeleton.appendVarint(tagOffset)
      }
      if schema.messages[message].isTensor {
        record = skeleton.records.count
        skeleton.records.append(TensorRecord(offset: tagOffset))
        skeleton.appendTag(WireSchema.scanRecord, wireType: 0)
        skeleton.appendVarint(UInt64(skeleton.records.count - 1))
      }
    }
    frames.append(
      Frame(
        message: message, group: group, end: end, position: position, length: length,
        record: record))
  }

  private func closeGroup(_ number: UInt32, _ frame: Frame) throws(ONNXError) {
    guard frame.group == number else {
      throw .mismatchedGroupEnd(
        place(), expected: frame.group == 0 ? nil : frame.group, found: number)
    }
    frames.removeLast()
  }

  private func skipUnknown(
    _ number: UInt32, wireType: Int, _ frame: Frame
  ) throws(ONNXError) {
    if let message = frame.message {
      skeleton.count(unknown: number, of: schema.messages[message].name)
    }
    switch wireType {
    case 0: _ = try varint()
    case 1:
      try require(8, within: frame.end)
      window.skip(8)
    case 2: window.skip(try length(within: frame.end))
    case 3: try open(nil, group: number, end: frame.end, position: nil, length: nil)
    default:
      try require(4, within: frame.end)
      window.skip(4)
    }
  }
}
