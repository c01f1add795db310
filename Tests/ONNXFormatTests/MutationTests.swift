import Foundation
import ONNXFormat
import Testing

@Suite("Models with one byte changed")
struct MutationTests {
  /// A model with a bit of everything: functions, control flow, sparse and external tensors.
  static var model: WireBuilder {
    let body = Proto.graph(
      nodes: [Proto.node("F", ["x"], ["z"], domain: "local")],
      initializers: [Proto.tensor("k", 7, [2]) { $0.packedVarints(7, [-1, 300]) }],
      outputs: [Proto.value("z", 1, [2])])
    let branches = ["then_branch", "else_branch"].map { name in
      Proto.attribute(name, type: 5) { $0.message(6, body) }
    }
    let sparse = WireBuilder()
      .message(1, Proto.tensor("s", 1, [1]) { $0.float(4, 5) })
      .message(2, Proto.tensor("", 7, [1]) { $0.varint(7, 3) }).packedVarints(3, [8])
    let graph = Proto.graph(
      nodes: [
        Proto.node("If", ["c"], ["y"], attributes: branches),
        Proto.node(
          "Constant", [], ["d"],
          attributes: [
            Proto.attribute("value_floats", type: 6) { $0.packedFloats(7, [1, 2]) }
          ]),
      ],
      initializers: [
        Proto.tensor("w", 22, [3]) { $0.packedVarints(5, [0x21, 3]) },
        Proto.tensor("h", 10, [2]) { $0.bytes(9, [0, 0x3C, 0, 0x40]) },
        Proto.tensor("t", 8, [2]) { $0.text(6, "a").text(6, "b") },
        Proto.externalTensor("e", dims: [2], [("location", "w.bin"), ("offset", "4")]),
      ], sparse: [sparse], inputs: [Proto.value("c", 9), Proto.value("x", 1, [2])],
      outputs: [Proto.value("y", 1, [2])])
    return Proto.model(
      graph, opsets: [Proto.opset(21), Proto.opset(1, domain: "local")],
      functions: [Proto.function("F", nodes: [Proto.node("Relu", ["a"], ["b"])])])
  }

  @Test("are read or refused, never worse", arguments: [0x01, 0x08, 0x80, 0xFF] as [UInt8])
  func mutated(_ mask: UInt8) throws {
    let folder = try TemporaryFolder()
    try folder.write("w.bin", [UInt8](repeating: 0, count: 12))
    let bytes = Self.model.bytes
    try readAll(folder.write("model.onnx", bytes))
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= mask
      let path = try folder.write("model.onnx", changed)
      do {
        try readAll(path)
      } catch {
        #expect(error is ONNXError, "byte \(index)")
      }
    }
  }
}
