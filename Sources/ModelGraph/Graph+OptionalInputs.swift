import FileIO

extension Graph {
  /// The inputs that need not be given: those with an initializer of the same name.
  public var optionalInputs: [ValueInfo] {
    let defaults = Set(initializers.map { ByteString($0.name) })
    return inputs.filter { defaults.contains(ByteString($0.name)) }
  }

  /// The graph with the optional inputs called `names` required: without their defaults.
  public func requiring(_ names: some Sequence<String>) -> Graph {
    let optional = Set(optionalInputs.map { ByteString($0.name) })
    let required = Set(names.map { ByteString($0) }).intersection(optional)
    guard !required.isEmpty else { return self }
    var graph = self
    graph.initializers.removeAll { required.contains(ByteString($0.name)) }
    return graph
  }
}
