import FileIO

/// Where in an ONNX file something stands: what an error message starts with.
public struct ONNXPlace: Hashable, Sendable {
  /// The file's path as given.
  public var file: String
  /// The byte offset of the message or field concerned, where one is known.
  public var offset: UInt64?
  /// The tensor, node or function concerned, in words: `tensor conv.weight`.
  public var subject: String?
  /// The field concerned, by ONNX's name: `graph.node.attribute.t`.
  public var field: String?

  /// A place described as far as it is known.
  public init(file: String, offset: UInt64? = nil, subject: String? = nil, field: String? = nil) {
    self.file = file
    self.offset = offset
    self.subject = subject
    self.field = field
  }

  /// The same place with another field.
  func field(_ name: String) -> ONNXPlace {
    ONNXPlace(file: file, offset: offset, subject: subject, field: name)
  }
}

extension ONNXPlace: CustomStringConvertible {
  public var description: String {
    let parts: [String?] = [
      file.escapedForDisplay, offset.map { "offset \($0)" },
      subject?.escapedForDisplay(limit: 300), field?.escapedForDisplay(limit: 300),
    ]
    return parts.compactMap(\.self).joined(separator: ": ")
  }
}
