import COnnxSchema
import FileIO
import ModelGraph
import Tensors

extension GraphDecoder {
  /// Adds the value of a `Constant` node to the initializers.
  func addConstant(
    _ node: Onnx__NodeProto, _ place: ONNXPlace, to graph: inout Graph, in scope: NameScope
  ) throws(ONNXError) {
    let outputs = texts(node.n_output, node.output).map { scope($0) }
    guard node.n_attribute == 1, let attribute = node.attribute?[0], outputs.count == 1,
      !outputs[0].isEmpty, node.n_input == 0
    else { throw .malformedConstant(place) }
    let name = outputs[0]
    let kind = try? AttributeKind.of(attribute.pointee) { place }
    if kind == .tensor, text(attribute.pointee.ref_attr_name).isEmpty,
      let tensor = attribute.pointee.t
    {
      return try add(tensors.decode(tensor, name: name), isConstant: true, to: &graph)
    }
    if kind == .sparseTensor, let sparse = attribute.pointee.sparse_tensor {
      return try add(tensors.decode(sparse: sparse, name: name), isConstant: true, to: &graph)
    }
    let values = try attributes(1, node.attribute, of: { label(node) }, in: scope)
    guard let value = values.first?.value, let tensor = try Self.tensor(of: value, place) else {
      throw .malformedConstant(place)
    }
    graph.initializers.append(Initializer(name: name, inline: tensor))
  }

  /// The tensor that a `Constant` node's attribute stands for (ONNX Constant, opset 13).
  private static func tensor(
    of value: AttributeValue, _ place: ONNXPlace
  ) throws(ONNXError) -> Tensor? {
    do throws(TensorError) {
      switch value {
      case .tensor(let tensor): return tensor
      case .int(let value): return try Tensor(scalar: value)
      case .float(let value): return try Tensor(scalar: value)
      case .ints(let values): return try Tensor(values)
      case .floats(let values): return try Tensor(values)
      case .string(let bytes): return try strings([bytes], .scalar)
      case .strings(let all): return try strings(all, [all.count])
      case .graph, .graphs, .tensors: return nil
      }
    } catch {
      throw .source(place, message: error.description)
    }
  }

  private static func strings(
    _ bytes: [[UInt8]], _ shape: Shape
  ) throws(TensorError) -> Tensor? {
    let texts = bytes.compactMap { String(validating: $0, as: UTF8.self) }
    return texts.count == bytes.count ? try Tensor(strings: texts, shape) : nil
  }

  /// Checks that none of the initializers from number `first` on, which `Constant` nodes gave, has
  /// an input's name: it would count as the input's default.
  func checkConstants(from first: Int, of graph: Graph) throws(ONNXError) {
    guard first < graph.initializers.count else { return }
    let inputs = Set(graph.inputs.map { ByteString($0.name) })
    for constant in graph.initializers[first...] where inputs.contains(ByteString(constant.name)) {
      throw .graph(
        ONNXPlace(file: path),
        .duplicateValue(
          graph: graph.name, name: constant.name, first: "an input",
          second: "an output of Constant"))
    }
  }
}
