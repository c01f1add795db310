import COnnxSchema
import FileIO
import Tensors

/// The functions that a model defines, known to be free of recursion.
struct FunctionTable {
  /// How many functions a model may define.
  static let countLimit = 10_000
  /// How deeply functions may call one another.
  static let depthLimit = 100

  /// What tells functions apart.
  struct Key: Hashable {
    let domain: ByteString
    let name: ByteString
    let overload: ByteString

    /// The key as messages name it.
    var label: String {
      (domain.text.isEmpty ? "" : domain.text + ".") + name.text
        + (overload.text.isEmpty ? "" : ":" + overload.text)
    }
  }

  private var functions: [Key: Onnx__FunctionProto] = [:]

  /// The functions of `model`, whose operator sets have the versions of `opsets`.
  ///
  /// - Throws: `ONNXError` where two share a key, they call one another in a circle or too deeply,
  ///   or there are too many.
  init(_ model: Onnx__ModelProto, opsets: [String: Int], path: String) throws(ONNXError) {
    guard model.n_functions <= Self.countLimit else {
      throw .tooManyFunctions(
        ONNXPlace(file: path, field: "functions"), limit: Self.countLimit,
        found: model.n_functions)
    }
    var order: [Key] = []
    for item in MessageList(model.n_functions, model.functions) {
      let function = item.pointee
      let key = Key(
        domain: ByteString(Self.normalized(text(function.domain))),
        name: ByteString(text(function.name)), overload: ByteString(text(function.overload)))
      let place = ONNXPlace(file: path, subject: "function \(key.label)")
      guard functions.updateValue(function, forKey: key) == nil else {
        throw .duplicateFunction(place)
      }
      order.append(key)
      for entry in MessageList(function.n_opset_import, function.opset_import) {
        let domain = Self.normalized(text(entry.pointee.domain))
        let version = Int(entry.pointee.version)
        if let expected = opsets[domain], expected != version {
          throw .functionOpset(place, domain: domain, expected: expected, found: version)
        }
      }
    }
    if !order.isEmpty { try checkCalls(order, path: path) }
  }

  /// The function of that key.
  subscript(key: @autoclosure () -> Key) -> Onnx__FunctionProto? {
    functions.isEmpty ? nil : functions[key()]
  }
}

extension FunctionTable {
  /// The function that `node` calls, if there is one.
  static func key(of node: Onnx__NodeProto) -> Key {
    Key(
      domain: ByteString(normalized(text(node.domain))), name: ByteString(text(node.op_type)),
      overload: ByteString(text(node.overload)))
  }

  /// A domain under its short name: ai.onnx is the empty one.
  static func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

  /// Follows all calls depth first, without recursion.
  private func checkCalls(_ order: [Key], path: String) throws(ONNXError) {
    var depths: [Key: Int] = [:]
    for root in order where depths[root] == nil {
      var stack: [(key: Key, callees: [Key], depth: Int)] = [(root, callees(of: root), 1)]
      var active: Set<Key> = [root]
      while let top = stack.last {
        if let callee = top.callees.last {
          stack[stack.count - 1].callees.removeLast()
          let place = ONNXPlace(file: path, subject: "function \(callee.label)")
          guard !active.contains(callee) else {
            let start = stack.firstIndex { $0.key == callee } ?? 0
            throw .recursiveFunction(
              place, path: stack[start...].map(\.key.label) + [callee.label])
          }
          if let depth = depths[callee] {
            stack[stack.count - 1].depth = max(top.depth, depth + 1)
          } else {
            stack.append((callee, callees(of: callee), 1))
            active.insert(callee)
          }
        } else {
          stack.removeLast()
          active.remove(top.key)
          depths[top.key] = top.depth
          guard top.depth <= Self.depthLimit else {
            throw .callsTooDeep(
              ONNXPlace(file: path, subject: "function \(top.key.label)"),
              limit: Self.depthLimit)
          }
          if let parent = stack.indices.last {
            stack[parent].depth = max(stack[parent].depth, top.depth + 1)
          }
        }
      }
    }
  }

  /// The functions that a function's body calls, bodies of control flow included.
  private func callees(of key: Key) -> [Key] {
    guard let function = functions[key] else { return [] }
    var found: Set<Key> = []
    var order: [Key] = []
    var graphs: [UnsafeMutablePointer<Onnx__GraphProto>] = []
    func visit(
      _ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__NodeProto>?>?
    ) {
      for node in MessageList(count, items) {
        let callee = Self.key(of: node.pointee)
        if functions[callee] != nil, found.insert(callee).inserted { order.append(callee) }
        for attribute in MessageList(node.pointee.n_attribute, node.pointee.attribute) {
          if let graph = attribute.pointee.g { graphs.append(graph) }
          graphs += MessageList(attribute.pointee.n_graphs, attribute.pointee.graphs)
        }
      }
    }
    visit(function.n_node, function.node)
    while let graph = graphs.popLast() { visit(graph.pointee.n_node, graph.pointee.node) }
    return order
  }
}
