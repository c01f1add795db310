import COnnxSchema
import ModelGraph

extension GraphDecoder {
  /// Adds the nodes of a function's body in the place of `call`.
  func inline(
    _ function: Onnx__FunctionProto, for call: Onnx__NodeProto, to graph: inout Graph,
    in outer: NameScope
  ) throws(ONNXError) {
    let formalInputs = texts(function.n_input, function.input)
    let formalOutputs = texts(function.n_output, function.output)
    let inputs = texts(call.n_input, call.input).map { outer($0) }
    let outputs = texts(call.n_output, call.output).map { outer($0) }
    guard inputs.count <= formalInputs.count else {
      throw .functionArity(
        place(call).field("input"), expected: formalInputs.count, found: inputs.count)
    }
    guard outputs.count <= formalOutputs.count else {
      throw .functionArity(
        place(call).field("output"), expected: formalOutputs.count, found: outputs.count)
    }
    var scope = NameScope(
      prefix: freshPrefix(text(function.name)),
      attributes: try callAttributes(function, call, in: outer))
    for (index, formal) in formalInputs.enumerated() {
      _ = scope.bind(formal, to: index < inputs.count ? inputs[index] : "")
    }
    var renamed: [(from: String, to: String)] = []
    for (formal, actual) in zip(formalOutputs, outputs) where !actual.isEmpty {
      if !scope.bind(formal, to: actual) { renamed.append((scope(formal), actual)) }
    }
    try addValueTypes(function.n_value_info, function.value_info, to: &graph, in: scope)
    for node in MessageList(function.n_node, function.node) {
      try add(node.pointee, to: &graph, in: scope)
    }
    for (from, to) in renamed {
      graph.nodes.append(Node("Identity", inputs: [from], outputs: [to]))
    }
  }

  private func callAttributes(
    _ function: Onnx__FunctionProto, _ call: Onnx__NodeProto, in outer: NameScope
  ) throws(ONNXError) -> [String: AttributeValue] {
    let given = try attributes(
      call.n_attribute, call.attribute, of: { label(call) }, in: outer)
    let defaults = try attributes(
      function.n_attribute_proto, function.attribute_proto,
      of: { "function \(text(function.name))" }, in: outer)
    return defaults.merging(given) { $1 }
  }

  private func freshPrefix(_ name: String) -> String {
    callCount += 1
    return "\(name)#\(callCount):"
  }
}
