import FileIO
import ModelGraph
import Tensors

/// Plans a whole `ModelProto`.
struct ModelEncoder {
  /// The path written.
  let path: String
  let options: ONNXWriter.Options

  /// The model's message, and where weights go outside it.
  func plan(
    _ graph: Graph, _ component: Component
  ) throws -> (message: MessagePlan, external: ExternalLayout?) {
    if options.externalData != .always {
      let plan = try plan(graph, component, external: nil)
      if UInt64(plan.message.byteCount) < ONNXReader.fileLimit { return plan }
      guard options.externalData == .asNeeded else {
        throw ONNXError.fileTooLarge(
          ONNXPlace(file: path), byteCount: UInt64(plan.message.byteCount))
      }
    }
    let layout = ExternalLayout(
      location: path.lastComponent + ".data", alignment: options.alignment)
    let plan = try plan(graph, component, external: layout)
    guard UInt64(plan.message.byteCount) < ONNXReader.fileLimit else {
      throw ONNXError.fileTooLarge(
        ONNXPlace(file: path), byteCount: UInt64(plan.message.byteCount))
    }
    return plan
  }

  private func plan(
    _ graph: Graph, _ component: Component, external: ExternalLayout?
  ) throws -> (message: MessagePlan, external: ExternalLayout?) {
    var encoder = GraphEncoder(path: path, weights: component.weights, external: external)
    let graphMessage = try encoder.graph(graph)
    var message = MessagePlan()
    let opset = options.opset ?? OpsetFloor.of(graph)
    message.varint(1, Int64(Self.irVersion(graph, component, opset: opset)))
    message.optionalText(2, options.producer.name)
    message.optionalText(3, options.producer.version)
    message.message(7, graphMessage)
    for (domain, version) in Self.opsets(of: graph, opset: opset) {
      var entry = MessagePlan()
      entry.text(1, domain)
      entry.varint(2, Int64(version))
      message.message(8, entry)
    }
    for (key, value) in component.metadata.sorted(by: { ByteString($0.key) < ByteString($1.key) }) {
      var entry = MessagePlan()
      entry.text(1, key)
      entry.text(2, value)
      message.message(14, entry)
    }
    return (message, encoder.external)
  }

  /// The operator sets that the nodes need: ai.onnx at `opset`, others as the graph says,
  /// or else version 1.
  private static func opsets(
    of graph: Graph, opset: Int
  ) -> [(domain: String, version: Int)] {
    var domains: Set<String> = []
    collectDomains(of: graph, into: &domains)
    domains.remove("")
    return [("", opset)]
      + domains.sorted { ByteString($0) < ByteString($1) }
      .map { ($0, graph.opsetImports[$0] ?? 1) }
  }

  private static func collectDomains(of graph: Graph, into domains: inout Set<String>) {
    for node in graph.nodes {
      domains.insert(node.domain)
      for body in node.subgraphs { collectDomains(of: body, into: &domains) }
    }
  }

  /// The first IR version that has both the opset and the element types.
  private static func irVersion(_ graph: Graph, _ component: Component, opset: Int) -> Int {
    let forOpset =
      switch opset {
      case ...8: 4
      case 9: 4
      case 10: 5
      case 11: 6
      case 12...14: 7
      case 15...18: 8
      case 19...20: 9
      case 21...22: 10
      case 23: 11
      case 24: 12
      case 25...27: 13
      default: 14
      }
    let types = Set(
      graph.initializers.map(\.dtype) + (graph.inputs + graph.outputs).compactMap(\.type.dtype))
    return max(forOpset, types.map(\.firstIRVersion).max() ?? 0)
  }
}

extension DType {
  /// The first IR version that defines the type.
  fileprivate var firstIRVersion: Int {
    switch self {
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: 9
    case .uint4, .int4: 10
    case .float4e2m1: 11
    case .float8e8m0: 12
    case .uint2, .int2: 13
    case .float6e2m3, .float6e3m2: 14
    default: 4
    }
  }
}
