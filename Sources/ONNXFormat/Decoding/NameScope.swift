import FileIO
import ModelGraph
import Tensors

/// How names and attributes of the nodes being decoded are to be understood: as they stand, or as
/// those of a function's body at one place where it is called.
struct NameScope {
  /// What the function's inputs and outputs stand for.
  private var values: [ByteString: String] = [:]
  /// What stands before all other names of the body.
  private var prefix = ""
  /// The values that references to the call's attributes have; nil outside functions.
  private(set) var attributes: [String: AttributeValue]?

  /// Names as they stand.
  static let model = NameScope()

  private init() {}

  /// The body of a function whose inner names get `prefix`.
  init(prefix: String, attributes: [String: AttributeValue]) {
    self.prefix = prefix
    self.attributes = attributes
  }

  /// The name under which `name` goes in the graph; an empty one stays empty.
  func callAsFunction(_ name: String) -> String {
    guard attributes != nil, !name.isEmpty else { return name }
    return values[ByteString(name)] ?? prefix + name
  }

  /// Lets `formal` stand for `actual`; false where it stands for something already.
  mutating func bind(_ formal: String, to actual: String) -> Bool {
    let key = ByteString(formal)
    guard values[key] == nil else { return false }
    values[key] = actual
    return true
  }
}
