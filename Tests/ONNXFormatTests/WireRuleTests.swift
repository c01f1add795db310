import FileIO
import Foundation
import ONNXFormat
import Testing

@Suite("Rules of the protobuf wire")
struct WireRuleTests {
  static let plain = Proto.model(Proto.graph(outputs: []))

  static let cases: [RefusedCase] = [
    RefusedCase(
      "66 truncated varint",
      "offset 0: ir_version: expected a whole varint, found its end cut "
        + "off"
    ) { WireBuilder().raw([0x08, 0x80]) },
    RefusedCase(
      "66 truncated varint inside a message",
      "offset 4: opset_import.version: expected a whole varint, found "
        + "its end cut off"
    ) {
      WireBuilder().varint(1, 10).bytes(8, [0x10, 0xFF])
    },
    RefusedCase(
      "67 varint of eleven bytes",
      "offset 0: ir_version: expected a varint of at most 10 bytes, "
        + "found a longer one"
    ) {
      WireBuilder().raw([0x08] + [UInt8](repeating: 0x80, count: 10) + [0])
    },
    RefusedCase(
      "68 varint beyond 64 bits",
      "offset 0: ir_version: expected a varint of 64 bits, found more"
    ) {
      WireBuilder().raw([0x08] + [UInt8](repeating: 0xFF, count: 9) + [2])
    },
    RefusedCase(
      "69 field number 0",
      "offset 0: expected a field number in 1...536870911, found 0"
    ) { WireBuilder().raw([0x00, 0x01]) },
    RefusedCase(
      "70 field number beyond 2^29 - 1",
      "offset 0: expected a field number in 1...536870911, found "
        + "536870912"
    ) {
      WireBuilder().raw(WireBuilder.tag(1 << 29, 0) + [0])
    },
    RefusedCase(
      "71 wire type 6",
      "offset 0: expected a wire type in 0...5, found 6"
    ) { WireBuilder().raw([0x0E, 0]) },
    RefusedCase(
      "71 wire type 7",
      "offset 0: expected a wire type in 0...5, found 7"
    ) { WireBuilder().raw([0x0F, 0]) },
    RefusedCase(
      "72 length past its parent",
      "offset 4: graph.name: expected at most 1 bytes, found a length of "
        + "5"
    ) {
      WireBuilder().varint(1, 10).message(7, WireBuilder().raw([0x12, 5, 0x61])).varint(5, 1)
        .varint(6, 1)
    },
    RefusedCase(
      "73 length of 2^31",
      "offset 0: graph: expected a length below 2147483648, found "
        + "2147483648"
    ) {
      WireBuilder().raw(WireBuilder.tag(7, 2) + WireBuilder.varint(1 << 31))
    },
    RefusedCase(
      "74 wrong wire type of a message",
      "offset 0: graph: expected wire type 2 (length-delimited), found 0 "
        + "(varint)"
    ) { WireBuilder().varint(7, 1) },
    RefusedCase(
      "74 wrong wire type of a number",
      "offset 0: ir_version: expected wire type 0 (varint), found 2 "
        + "(length-delimited)"
    ) { WireBuilder().text(1, "ten") },
    RefusedCase(
      "74 a group where a message belongs",
      "offset 0: graph: expected wire type 2 (length-delimited), found 3 "
        + "(group)"
    ) { WireBuilder().raw([0x3B, 0x3C]) },
    RefusedCase(
      "75 unterminated group",
      "offset 13: group 1000: expected the group's end, found none"
    ) {
      plain.raw(WireBuilder.tag(1000, 3) + [0x08, 1])
    },
    RefusedCase(
      "75 mismatched group",
      "offset 13: group 1000: expected the end of group 1000, found the "
        + "end of group 1001"
    ) {
      plain.raw(WireBuilder.tag(1000, 3) + WireBuilder.tag(1001, 4))
    },
    RefusedCase(
      "75 end of a group that never began",
      "offset 11: expected a field, found the end of group 1000"
    ) {
      plain.raw(WireBuilder.tag(1000, 4))
    },
    RefusedCase(
      "76 5,000 nested groups",
      "offset 209: group 1000.group 1000.group 1000.group 1000.group "
        + "1000.group 1000.….group 1000.group 1000.group 1000.group "
        + "1000.group 1000: expected at most 100 nested messages, found more"
    ) {
      plain.raw((0..<5000).flatMap { _ in WireBuilder.tag(1000, 3) })
    },
    RefusedCase(
      "76 5,000 nested graphs",
      "offset 1157: "
        + "graph.node.attribute.g.node.attribute.….attribute.g.node.attribute"
        + ".g: expected at most 100 nested messages, found more"
    ) {
      var graph = Proto.graph()
      for _ in 0..<5000 {
        let body = graph
        graph = Proto.graph(nodes: [
          Proto.node(
            "If", ["c"], ["y"],
            attributes: [
              Proto.attribute("then_branch", type: 5) { $0.message(6, body) }
            ])
        ])
      }
      return Proto.model(graph)
    },
    RefusedCase(
      "78 repeated singular field",
      "offset 11: ir_version: expected the field once, found it again "
        + "(are two models concatenated?)"
    ) { plain.varint(1, 10) },
    RefusedCase(
      "78 repeated raw_data",
      "offset 20: graph.initializer.raw_data: expected the field once, "
        + "found it again"
    ) {
      Proto.model(
        holding: Proto.tensor("w", 2, [1]) { $0.bytes(9, [1]).bytes(9, [2]) })
    },
    RefusedCase(
      "79 two models concatenated",
      "offset 11: ir_version: expected the field once, found it again "
        + "(are two models concatenated?)"
    ) { plain.raw(plain.bytes) },
    RefusedCase(
      "80 packed length not a multiple",
      "offset 17: graph.initializer.float_data: expected a multiple of 4 "
        + "bytes, found 5"
    ) {
      Proto.model(holding: Proto.tensor("w", 1, [1]) { $0.bytes(4, [0, 0, 0, 0, 0]) })
    },
    RefusedCase(
      "80 packed attribute not a multiple",
      "offset 32: graph.node.attribute.floats: expected a multiple of 4 "
        + "bytes, found 3"
    ) {
      Proto.model(
        Proto.graph(nodes: [
          Proto.node(
            "Upsample", ["x"], ["y"],
            attributes: [
              Proto.attribute("scales", type: 6) { $0.bytes(7, [0, 0, 0]) }
            ])
        ]))
    },
    RefusedCase(
      "83 a name that is not UTF-8",
      "offset 2: producer_name: expected UTF-8, found other bytes"
    ) {
      WireBuilder().varint(1, 10).bytes(2, [0x61, 0xFF])
    },
    RefusedCase(
      "83 an encoded surrogate",
      "offset 2: producer_name: expected UTF-8, found other bytes"
    ) {
      WireBuilder().varint(1, 10).bytes(2, [0xED, 0xA0, 0x80])
    },
    RefusedCase(
      "83 a documentation that is not UTF-8",
      "offset 2: doc_string: expected UTF-8, found other bytes"
    ) {
      WireBuilder().varint(1, 10).bytes(6, [0xC0, 0xAF])
    },
    RefusedCase(
      "a NUL in a name",
      "offset 14: graph.initializer.name: expected no NUL byte in the "
        + "text, found one"
    ) {
      Proto.model(holding: Proto.tensor("w\0x", 2, [1]) { $0.bytes(9, [1]) })
    },
    RefusedCase(
      "an element type beyond 32 bits",
      "offset 12: graph.initializer.data_type: expected a 32-bit number, "
        + "found 4294967297"
    ) {
      Proto.model(holding: Proto.tensor("w", 1 << 32 + 1, [1]) { $0.bytes(9, [1]) })
    },
  ]

  @Test("refused", arguments: cases)
  func refused(_ refused: RefusedCase) throws { try refused.check() }

  @Test("77 an unknown field is skipped and noted")
  func unknownField() throws {
    let folder = try TemporaryFolder()
    let model = Self.plain.text(20, "training").raw(
      WireBuilder.tag(1000, 3) + WireBuilder.tag(3, 5) + [1, 2, 3, 4] + WireBuilder.tag(4, 1)
        + [UInt8](repeating: 0, count: 8) + WireBuilder.tag(1000, 4))
    let read = try ONNXReader.read(path: folder.write("model.onnx", model.bytes))
    let notes = read.provenance.flatMap(\.notes)
    #expect(notes.contains("ModelProto: field 20 skipped, 1 times"))
    #expect(notes.contains("ModelProto: field 1000 skipped, 1 times"))
  }

  @Test("81 packed and unpacked numbers mix")
  func mixedPacking() throws {
    let folder = try TemporaryFolder()
    let tensor = Proto.tensor("w", 1, [5]) {
      $0.float(4, 1).packedFloats(4, [2, 3]).float(4, 4).float(4, 5)
    }
    let integers = Proto.tensor("i", 3, [6]) {
      $0.packedVarints(5, [-1, 127]).varint(5, 3).varint(5, -128).packedVarints(5, [5, 6])
    }
    let graph = Proto.graph(initializers: [tensor, integers])
    let model = try ONNXReader.read(
      path: folder.write("model.onnx", Proto.model(graph).bytes))
    let component = try #require(model.components.first)
    #expect(try component.weights.tensor(0).array(of: Float.self) == [1, 2, 3, 4, 5])
    guard case .inline(let tensor)? = component.graphs.first?.initializers.last?.storage else {
      Issue.record("expected an inline tensor")
      return
    }
    #expect(tensor.array(of: Int8.self) == [-1, 127, 3, -128, 5, 6])
  }

  @Test("82 a hundred million tiny repeats are refused early")
  func tinyRepeats() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.onnx"
    let count = 100_000_000
    let body = UInt64(2 * count)
    let head = WireBuilder().varint(1, 10).raw(WireBuilder.tag(7, 2) + WireBuilder.varint(body))
    #expect(FileManager.default.createFile(atPath: path, contents: Data(head.bytes)))
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    let piece = Data([UInt8](repeating: 0, count: 2_000_000).indices.map { $0 % 2 == 0 ? 0x0A : 0 })
    for _ in 0..<(2 * count / piece.count) { try handle.write(contentsOf: piece) }
    try handle.close()
    expectRefusal(
      of: path, kind: .limit,
      "offset 2000003: graph.node: limit: expected at most 1000000 messages, found more")
  }

  @Test("84 a file of 2 GiB is refused with the way out")
  func twoGibibytes() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.onnx", Self.plain.bytes)
    #expect(truncate(path, 1 << 31) == 0)
    expectRefusal(
      of: path,
      "expected less than 2 GiB, protobuf's limit, found 2147483648 bytes; weights beyond "
        + "that belong into external data")
  }
}
