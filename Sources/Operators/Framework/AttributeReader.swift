import ModelGraph
import Tensors

/// Hands out a node's attributes by name and type, and knows which ones were never asked for.
public struct AttributeReader {
  /// The number of inputs the node lists, left-out ones included.
  public let inputCount: Int
  /// The number of outputs the node lists, left-out ones included.
  public let outputCount: Int
  private let values: [String: AttributeValue]
  private var unread: Set<String>

  /// Reads the attributes of `node`.
  public init(_ node: Node) {
    inputCount = node.inputs.count
    outputCount = node.outputs.count
    values = node.attributes
    unread = Set(node.attributes.keys)
  }

  /// Throws `OperatorError.unknownAttribute` for an attribute that nothing read.
  public func finish() throws {
    if let name = unread.sorted().first { throw OperatorError.unknownAttribute(name) }
  }
}

extension AttributeReader {
  /// The attribute's value; nil where the node has none of that name.
  public mutating func value(_ name: String) -> AttributeValue? {
    unread.remove(name)
    return values[name]
  }

  /// Whether the node states the attribute.
  public func has(_ name: String) -> Bool { values[name] != nil }

  /// An integer that must be there.
  public mutating func int(_ name: String) throws -> Int {
    guard let value = try optionalInt(name) else { throw OperatorError.missingAttribute(name) }
    return value
  }

  /// An integer, `fallback` where the node has none.
  public mutating func int(_ name: String, default fallback: Int) throws -> Int {
    try optionalInt(name) ?? fallback
  }

  /// An integer; nil where the node has none.
  public mutating func optionalInt(_ name: String) throws -> Int? {
    switch value(name) {
    case nil: return nil
    case .int(let number)?: return Int(number)
    case let other?: throw Self.mismatch(name, "an integer", other)
    }
  }

  /// A truth value written as 0 or 1.
  public mutating func flag(_ name: String, default fallback: Bool) throws -> Bool {
    try int(name, default: fallback ? 1 : 0) != 0
  }

  /// A float, `fallback` where the node has none.
  public mutating func float(_ name: String, default fallback: Float) throws -> Float {
    try optionalFloat(name) ?? fallback
  }

  /// A float; nil where the node has none.
  public mutating func optionalFloat(_ name: String) throws -> Float? {
    switch value(name) {
    case nil: return nil
    case .float(let number)?: return number
    case let other?: throw Self.mismatch(name, "a float", other)
    }
  }

  /// A text; nil where the node has none.
  public mutating func optionalString(_ name: String) throws -> String? {
    switch value(name) {
    case nil: return nil
    case .string(let bytes)?: return String(decoding: bytes, as: UTF8.self)
    case let other?: throw Self.mismatch(name, "a string", other)
    }
  }

  /// A text, `fallback` where the node has none.
  public mutating func string(_ name: String, default fallback: String) throws -> String {
    try optionalString(name) ?? fallback
  }

  /// One of a fixed set of texts.
  public mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default fallback: Choice
  ) throws -> Choice where Choice.RawValue == String {
    guard let text = try optionalString(name) else { return fallback }
    guard let choice = Choice(rawValue: text) else {
      let expected = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw OperatorError.attribute(name, expected: "one of \(expected)", found: "\"\(text)\"")
    }
    return choice
  }

  /// A list of integers; nil where the node has none.
  public mutating func optionalInts(_ name: String) throws -> [Int]? {
    switch value(name) {
    case nil: return nil
    case .ints(let numbers)?: return numbers.map(Int.init)
    case .floats([])?, .strings([])?: return []
    case let other?: throw Self.mismatch(name, "a list of integers", other)
    }
  }

  /// A list of integers, `fallback` where the node has none.
  public mutating func ints(_ name: String, default fallback: [Int]) throws -> [Int] {
    try optionalInts(name) ?? fallback
  }

  /// A list of floats; nil where the node has none.
  public mutating func optionalFloats(_ name: String) throws -> [Float]? {
    switch value(name) {
    case nil: return nil
    case .floats(let numbers)?: return numbers
    case .ints([])?, .strings([])?: return []
    case let other?: throw Self.mismatch(name, "a list of floats", other)
    }
  }

  /// A list of texts; nil where the node has none.
  public mutating func optionalStrings(_ name: String) throws -> [String]? {
    switch value(name) {
    case nil: return nil
    case .strings(let texts)?: return texts.map { String(decoding: $0, as: UTF8.self) }
    case .ints([])?, .floats([])?: return []
    case let other?: throw Self.mismatch(name, "a list of strings", other)
    }
  }

  /// A tensor; nil where the node has none.
  public mutating func optionalTensor(_ name: String) throws -> Tensor? {
    switch value(name) {
    case nil: return nil
    case .tensor(let tensor)?: return tensor
    case let other?: throw Self.mismatch(name, "a tensor", other)
    }
  }

  /// A graph that must be there: the body of If, Loop or Scan.
  public mutating func graph(_ name: String) throws -> Graph {
    switch value(name) {
    case nil: throw OperatorError.missingAttribute(name)
    case .graph(let graph)?: return graph
    case let other?: throw Self.mismatch(name, "a graph", other)
    }
  }

  /// An element type written as ONNX's number; nil where the node has none.
  public mutating func optionalDType(_ name: String) throws -> DType? {
    guard let number = try optionalInt(name) else { return nil }
    // The 6-bit types' numbers in ONNX; `DType` numbers them apart.
    if number == 27 { return .float6e2m3 }
    if number == 28 { return .float6e3m2 }
    guard let code = UInt8(exactly: number), code < 64, let dtype = DType(rawValue: code) else {
      throw OperatorError.attribute(name, expected: "an element type", found: "\(number)")
    }
    return dtype
  }

  private static func mismatch(
    _ name: String, _ expected: String, _ found: AttributeValue
  ) -> OperatorError {
    .attribute(name, expected: expected, found: found.kindName)
  }
}

extension AttributeValue {
  /// The kind of value, in words.
  fileprivate var kindName: String {
    switch self {
    case .int: "an integer"
    case .float: "a float"
    case .string: "a string"
    case .tensor: "a tensor"
    case .graph: "a graph"
    case .ints: "a list of integers"
    case .floats: "a list of floats"
    case .strings: "a list of strings"
    case .tensors: "a list of tensors"
    case .graphs: "a list of graphs"
    }
  }
}
