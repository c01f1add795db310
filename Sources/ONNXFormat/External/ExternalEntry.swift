/// The parsed `external_data` entries of one tensor.
struct ExternalEntry {
  /// The file, relative to the model's folder.
  let location: String
  /// Where the bytes start.
  let offset: UInt64
  /// How many bytes there are, where stated.
  let length: UInt64?
  /// The SHA-1 of the whole file, where stated.
  let checksum: String?

  /// Checks that the keys are known and occur once, and that numbers are numbers.
  init(_ entries: [(key: String, value: String)], _ place: ONNXPlace) throws(ONNXError) {
    var values: [String: String] = [:]
    for (key, value) in entries {
      guard ["location", "offset", "length", "checksum"].contains(key) else {
        throw .externalKey(place, found: key)
      }
      guard values.updateValue(value, forKey: key) == nil else {
        throw .repeatedExternalKey(place, found: key)
      }
    }
    guard let location = values["location"], !location.isEmpty else {
      throw .missingLocation(place)
    }
    self.location = location
    offset = try Self.number(values["offset"], place.field("external_data.offset")) ?? 0
    length = try Self.number(values["length"], place.field("external_data.length"))
    checksum = values["checksum"]
  }

  private static func number(
    _ text: String?, _ place: ONNXPlace
  ) throws(ONNXError) -> UInt64? {
    guard let text else { return nil }
    let isDecimal = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isDecimal, let number = UInt64(text) else {
      throw .externalNumber(place, found: text)
    }
    return number
  }

  /// The components of a location, which must be a plain relative path: no empty component, no
  /// `..`, no backslash.
  static func components(
    of location: String, _ place: ONNXPlace
  ) throws(ONNXError) -> [String] {
    guard !location.contains("_ORT_MEM_ADDR_") else {
      throw .memoryAddress(place, found: location)
    }
    var components = location.utf8.split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    ).map { String(decoding: $0, as: UTF8.self) }
    // `./weights` is as plain as `weights`, and some exporters write it.
    while components.count > 1, components[0] == "." { components.removeFirst() }
    let isPlain = components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    guard isPlain, !location.utf8.contains(UInt8(ascii: "\\")) else {
      throw .locationEscapes(place, found: location)
    }
    return components
  }
}
