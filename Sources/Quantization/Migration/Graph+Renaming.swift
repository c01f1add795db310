import FileIO
import ModelGraph

extension Graph {
  /// Every name of a value in the graph.
  var valueNames: Set<ByteString> {
    var names = Set((inputs + outputs).map { ByteString($0.name) })
    names.formUnion(initializers.map { ByteString($0.name) })
    for node in nodes { names.formUnion((node.inputs + node.outputs).map(ByteString.init)) }
    return names
  }

  /// Gives `values`, which nodes of the graph itself make and use and nothing else, names that end in
  /// `suffix`: they stand for other numbers than before.
  mutating func rename(_ values: [String], suffix: String) {
    var taken = valueNames
    var names: [ByteString: String] = [:]
    for value in values where names[ByteString(value)] == nil {
      names[ByteString(value)] = GeneratedNames.free("\(value).\(suffix)", &taken)
    }
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { names[ByteString($0)] ?? $0 }
      nodes[index].outputs = nodes[index].outputs.map { names[ByteString($0)] ?? $0 }
    }
    for value in values {
      if let type = valueTypes.removeValue(forKey: value), let name = names[ByteString(value)] {
        valueTypes[name] = type
      }
    }
  }
}
