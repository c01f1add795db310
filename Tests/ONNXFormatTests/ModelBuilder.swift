/// Small ONNX messages, field by field.
enum Proto {
  static func opset(_ version: Int64, domain: String = "") -> WireBuilder {
    let entry = WireBuilder().varint(2, version)
    return domain.isEmpty ? entry : entry.text(1, domain)
  }

  /// A model around `graph`, with IR version 10 and opset 21.
  static func model(
    _ graph: WireBuilder, irVersion: Int64? = 10, opsets: [WireBuilder] = [opset(21)],
    functions: [WireBuilder] = []
  ) -> WireBuilder {
    var model = WireBuilder()
    if let irVersion { model = model.varint(1, irVersion) }
    return model.message(7, graph).messages(8, opsets).messages(25, functions)
  }

  static func graph(
    nodes: [WireBuilder] = [], initializers: [WireBuilder] = [], sparse: [WireBuilder] = [],
    inputs: [WireBuilder] = [], outputs: [WireBuilder] = []
  ) -> WireBuilder {
    WireBuilder().messages(1, nodes).text(2, "g").messages(5, initializers).messages(11, inputs)
      .messages(12, outputs).messages(15, sparse)
  }

  static func node(
    _ opType: String, _ inputs: [String], _ outputs: [String], attributes: [WireBuilder] = [],
    domain: String = ""
  ) -> WireBuilder {
    var node = inputs.reduce(WireBuilder()) { $0.text(1, $1) }
    node = outputs.reduce(node) { $0.text(2, $1) }.text(4, opType).messages(5, attributes)
    return domain.isEmpty ? node : node.text(7, domain)
  }

  static func attribute(
    _ name: String, type: Int64, _ value: (WireBuilder) -> WireBuilder
  ) -> WireBuilder {
    value(WireBuilder().text(1, name)).varint(20, type)
  }

  /// A tensor of that type and those extents; `data` adds the elements.
  static func tensor(
    _ name: String, _ dtype: Int64, _ dims: [Int64],
    _ data: (WireBuilder) -> WireBuilder = { $0 }
  ) -> WireBuilder {
    data(WireBuilder().packedVarints(1, dims).varint(2, dtype).text(8, name))
  }

  static func value(_ name: String, _ dtype: Int64 = 1, _ dims: [Int64] = []) -> WireBuilder {
    let shape = dims.reduce(WireBuilder()) { $0.message(1, WireBuilder().varint(1, $1)) }
    let tensor = WireBuilder().varint(1, dtype).message(2, shape)
    return WireBuilder().text(1, name).message(2, WireBuilder().message(1, tensor))
  }

  /// A model whose only content is the initializer `tensor`.
  static func model(holding tensor: WireBuilder) -> WireBuilder {
    model(graph(initializers: [tensor]))
  }

  static func entries(_ entries: [(String, String)]) -> [WireBuilder] {
    entries.map { WireBuilder().text(1, $0.0).text(2, $0.1) }
  }

  /// A float tensor whose elements `entries` say where to find.
  static func externalTensor(
    _ name: String, dtype: Int64 = 1, dims: [Int64] = [4], _ external: [(String, String)]
  ) -> WireBuilder {
    tensor(name, dtype, dims) { $0.messages(13, entries(external)).varint(14, 1) }
  }

  /// A function of `nodes` in the domain `local`.
  static func function(
    _ name: String, inputs: [String] = ["a"], outputs: [String] = ["b"], nodes: [WireBuilder],
    opset version: Int64 = 21
  ) -> WireBuilder {
    var function = WireBuilder().text(1, name)
    function = inputs.reduce(function) { $0.text(4, $1) }
    function = outputs.reduce(function) { $0.text(5, $1) }
    return function.messages(7, nodes).message(9, opset(version)).text(10, "local")
  }
}
