import ModelGraph
import ONNXFormat
import Testing

@Suite("Rules of ONNX graphs")
struct GraphRuleTests {
  static func floats(_ name: String) -> WireBuilder {
    Proto.tensor(name, 1, [2]) { $0.packedFloats(4, [1, 2]) }
  }

  static func call(_ name: String, _ input: String = "a", _ output: String = "b") -> WireBuilder {
    Proto.node(name, [input], [output], domain: "local")
  }

  static func model(calling name: String, functions: [WireBuilder]) -> WireBuilder {
    Proto.model(
      Proto.graph(
        nodes: [call(name, "x", "y")], inputs: [Proto.value("x")], outputs: [Proto.value("y")]),
      opsets: [Proto.opset(21), Proto.opset(1, domain: "local")], functions: functions)
  }

  static func nestedGraphs(_ depth: Int) -> WireBuilder {
    var graph = Proto.graph(
      nodes: [Proto.node("Relu", ["x"], ["y0"])], outputs: [Proto.value("y0")])
    for level in 1...depth {
      let body = graph
      let branches = [
        Proto.attribute("then_branch", type: 5) { $0.message(6, body) }
      ]
      graph = Proto.graph(
        nodes: [Proto.node("If", ["c"], ["y\(level)"], attributes: branches)],
        outputs: [Proto.value("y\(level)")])
    }
    return graph
  }

  static let cases: [RefusedCase] = [
    RefusedCase("85 no IR version", "ir_version: expected an IR version, found none") {
      Proto.model(Proto.graph(), irVersion: nil)
    },
    RefusedCase(
      "85 an IR version of the future", "ir_version: expected an IR version in 3...14, found 99"
    ) {
      Proto.model(Proto.graph(), irVersion: 99)
    },
    RefusedCase(
      "85 an IR version before operator sets",
      "ir_version: expected an IR version in 3...14, found 2"
    ) {
      Proto.model(Proto.graph(), irVersion: 2)
    },
    RefusedCase("no graph", "expected an ONNX model, found no graph") {
      WireBuilder().varint(1, 10).message(8, Proto.opset(21))
    },
    RefusedCase("86 no opset", "opset_import: expected an opset for domain ai.onnx, found none") {
      Proto.model(Proto.graph(), opsets: [])
    },
    RefusedCase(
      "86 no opset for the domain of a node",
      "offset 4: node Relu y: expected an opset for domain ai.onnx, found none"
    ) {
      Proto.model(
        Proto.graph(nodes: [Proto.node("Relu", ["x"], ["y"])]),
        opsets: [Proto.opset(1, domain: "other")])
    },
    RefusedCase(
      "86 an opset twice", "opset_import: expected one opset for domain ai.onnx, found two"
    ) {
      Proto.model(Proto.graph(), opsets: [Proto.opset(21), Proto.opset(21, domain: "ai.onnx")])
    },
    RefusedCase(
      "86 an opset beyond 32 bits",
      "opset_import: expected a version in 1...2147483647 for domain ai.onnx, found "
        + "2147483648"
    ) {
      Proto.model(Proto.graph(), opsets: [Proto.opset(1 << 31)])
    },
    RefusedCase(
      "86 an opset below 1",
      "opset_import: expected a version in 1...2147483647 for domain ai.onnx, found -1"
    ) {
      Proto.model(Proto.graph(), opsets: [Proto.opset(-1)])
    },
    RefusedCase(
      "an opset of the future", "opset_import: limit: expected opset 28 or older, found 1000",
      kind: .limit
    ) {
      Proto.model(Proto.graph(), opsets: [Proto.opset(1000)])
    },
    RefusedCase(
      "87 an initializer twice",
      "offset 27: tensor w: name: expected the initializer once, found another of that name"
    ) {
      Proto.model(Proto.graph(initializers: [floats("w"), floats("w")]))
    },
    RefusedCase(
      "88 an initializer without a name",
      "offset 7: tensor : name: expected a name, found an empty one"
    ) {
      Proto.model(Proto.graph(initializers: [floats("")]))
    },
    RefusedCase(
      "89 a dense and a sparse initializer share a name",
      "offset 29: sparse tensor w: name: expected the initializer once, found another of "
        + "that name"
    ) {
      let sparse = WireBuilder().message(1, Proto.tensor("w", 1, [1]) { $0.packedFloats(4, [5]) })
        .message(2, Proto.tensor("", 7, [1]) { $0.packedVarints(7, [3]) }).packedVarints(3, [8])
      return Proto.model(Proto.graph(initializers: [floats("w")], sparse: [sparse]))
    },
    RefusedCase(
      "90 a cycle", "graph g: value b: used by Relu a before it is produced (unsorted, or a cycle)"
    ) {
      Proto.model(
        Proto.graph(nodes: [
          Proto.node("Relu", ["b"], ["a"]), Proto.node("Relu", ["a"], ["b"]),
        ]))
    },
    RefusedCase(
      "90 nodes out of order",
      "graph g: value a: used by Relu y before it is produced (unsorted, or a cycle)"
    ) {
      Proto.model(
        Proto.graph(
          nodes: [Proto.node("Relu", ["a"], ["y"]), Proto.node("Relu", ["x"], ["a"])],
          inputs: [Proto.value("x")]))
    },
    RefusedCase(
      "91 a value defined twice",
      "graph g: value y: defined twice, as an output of Relu y and as an output of Abs y"
    ) {
      Proto.model(
        Proto.graph(
          nodes: [Proto.node("Relu", ["x"], ["y"]), Proto.node("Abs", ["x"], ["y"])],
          inputs: [Proto.value("x")]))
    },
    RefusedCase(
      "91 a constant under an input's name",
      "graph g: value x: defined twice, as an input and as an output of Constant"
    ) {
      let value = Proto.attribute("value_int", type: 2) { $0.varint(3, 1) }
      return Proto.model(
        Proto.graph(
          nodes: [Proto.node("Constant", [], ["x"], attributes: [value])],
          inputs: [Proto.value("x")]))
    },
    RefusedCase(
      "92 an output that nothing produces",
      "graph g: value y: used by the graph's outputs, but nothing produces it"
    ) {
      Proto.model(Proto.graph(outputs: [Proto.value("y")]))
    },
    RefusedCase(
      "93 bodies of control flow past the limit",
      "offset 1122: graph.node.attribute.g.node.attribute.….attribute.g.node.attribute.g: "
        + "expected at most 100 nested messages, found more"
    ) {
      Proto.model(nestedGraphs(40))
    },
    RefusedCase(
      "94 a function that calls itself",
      "function local.F: expected no recursion, found local.F → local.F"
    ) {
      model(calling: "F", functions: [Proto.function("F", nodes: [call("F")])])
    },
    RefusedCase(
      "94 functions that call each other",
      "function local.F: expected no recursion, found local.F → local.G → local.F"
    ) {
      model(
        calling: "F",
        functions: [
          Proto.function("F", nodes: [call("G")]), Proto.function("G", nodes: [call("F")]),
        ])
    },
    RefusedCase(
      "94 a function that calls itself inside If",
      "function local.F: expected no recursion, found local.F → local.F"
    ) {
      let body = Proto.graph(nodes: [call("F", "a", "z")], outputs: [Proto.value("z")])
      let branch = Proto.attribute("then_branch", type: 5) { $0.message(6, body) }
      return model(
        calling: "F",
        functions: [
          Proto.function("F", nodes: [Proto.node("If", ["a"], ["b"], attributes: [branch])])
        ])
    },
    RefusedCase(
      "93 bodies of control flow past the limit, by inlining",
      "graph g: expected at most 64 nested graphs, found more"
    ) {
      model(
        calling: "F0",
        functions: (0..<100).map {
          let inner =
            $0 == 99 ? Proto.node("Relu", ["a"], ["z"]) : call("F\($0 + 1)", "a", "z")
          let body = Proto.graph(nodes: [inner], outputs: [Proto.value("z")])
          let branch = Proto.attribute("then_branch", type: 5) { $0.message(6, body) }
          return Proto.function(
            "F\($0)", nodes: [Proto.node("If", ["a"], ["b"], attributes: [branch])])
        })
    },
    RefusedCase(
      "95 10,001 functions", "functions: limit: expected at most 10000 functions, found 10001",
      kind: .limit
    ) {
      model(
        calling: "F0",
        functions: (0...10_000).map {
          Proto.function("F\($0)", nodes: [Proto.node("Relu", ["a"], ["b"])])
        })
    },
    RefusedCase(
      "96 calls 101 deep",
      "function local.F0: limit: expected calls at most 100 deep, found deeper", kind: .limit
    ) {
      model(
        calling: "F0",
        functions: (0...100).map {
          Proto.function(
            "F\($0)",
            nodes: [$0 == 100 ? Proto.node("Relu", ["a"], ["b"]) : call("F\($0 + 1)")])
        })
    },
    RefusedCase(
      "calls that double at every level",
      "offset 2588: node Relu t: limit: expected at most 250000 nodes after "
        + "inlining, found more", kind: .limit
    ) {
      model(
        calling: "F0",
        functions: (0..<40).map {
          let next = $0 == 39 ? "Relu" : "F\($0 + 1)"
          let domain = $0 == 39 ? "" : "local"
          return Proto.function(
            "F\($0)",
            nodes: [
              Proto.node(next, ["a"], ["t"], domain: domain),
              Proto.node(next, ["t"], ["b"], domain: domain),
            ])
        })
    },
    RefusedCase(
      "97 a function twice",
      "function local.F: expected the function once, found another of that name"
    ) {
      let function = Proto.function("F", nodes: [Proto.node("Relu", ["a"], ["b"])])
      return model(calling: "F", functions: [function, function])
    },
    RefusedCase(
      "a call with more inputs than the function takes",
      "offset 4: node local.F y: input: expected at most 0, found 1"
    ) {
      let function = Proto.function("F", inputs: [], nodes: [Proto.node("Relu", ["a"], ["b"])])
      return model(calling: "F", functions: [function])
    },
    RefusedCase(
      "a function in another opset",
      "function local.F: limit: expected the model's opset 21 for domain ai.onnx, found 18",
      kind: .limit
    ) {
      model(
        calling: "F",
        functions: [
          Proto.function("F", nodes: [Proto.node("Relu", ["a"], ["b"])], opset: 18)
        ])
    },
    RefusedCase(
      "99 an attribute with several values",
      "offset 21: node Softmax y: attribute axis: expected exactly one value, found f, i"
    ) {
      let axis = Proto.attribute("axis", type: 2) { $0.varint(3, 1).float(2, 1) }
      return Proto.model(
        Proto.graph(nodes: [Proto.node("Softmax", ["x"], ["y"], attributes: [axis])]))
    },
    RefusedCase(
      "99 an attribute whose value is not of its type",
      "offset 21: node Softmax y: attribute axis: expected a value in i (type 2), found f"
    ) {
      let axis = Proto.attribute("axis", type: 2) { $0.float(2, 1) }
      return Proto.model(
        Proto.graph(nodes: [Proto.node("Softmax", ["x"], ["y"], attributes: [axis])]))
    },
    RefusedCase(
      "an attribute of an unknown type",
      "offset 21: node Softmax y: type: expected a type in 0...14, found 77"
    ) {
      let axis = Proto.attribute("axis", type: 77) { $0 }
      return Proto.model(
        Proto.graph(nodes: [Proto.node("Softmax", ["x"], ["y"], attributes: [axis])]))
    },
    RefusedCase(
      "an attribute twice",
      "offset 34: node Softmax y: attribute axis: expected the attribute once, found "
        + "another of that name"
    ) {
      let axis = Proto.attribute("axis", type: 2) { $0.varint(3, 1) }
      return Proto.model(
        Proto.graph(nodes: [Proto.node("Softmax", ["x"], ["y"], attributes: [axis, axis])]))
    },
    RefusedCase(
      "a reference to an attribute outside a function",
      "offset 21: node Softmax y: attribute axis: expected a value, found a reference "
        + "outside a function"
    ) {
      let axis = Proto.attribute("axis", type: 2) { $0.text(21, "axis") }
      return Proto.model(
        Proto.graph(nodes: [Proto.node("Softmax", ["x"], ["y"], attributes: [axis])]))
    },
    RefusedCase(
      "a node without an operator",
      "offset 4: node  y: op_type: expected an operator's name, found none"
    ) {
      Proto.model(Proto.graph(nodes: [Proto.node("", ["x"], ["y"])]))
    },
    RefusedCase(
      "an input that is a sequence", "input s: type: limit: expected a tensor, found a sequence",
      kind: .limit
    ) {
      let input = WireBuilder().text(1, "s").message(2, WireBuilder().message(4, WireBuilder()))
      return Proto.model(Proto.graph(inputs: [input]))
    },
  ]

  @Test("refused", arguments: cases)
  func refused(_ refused: RefusedCase) throws { try refused.check() }

  @Test("30 bodies of control flow in one another are read")
  func nesting() throws {
    let folder = try TemporaryFolder()
    let inputs = [Proto.value("x"), Proto.value("c", 9)]
    let graph = Self.nestedGraphs(30).messages(11, inputs)
    let model = try ONNXReader.read(path: folder.write("model.onnx", Proto.model(graph).bytes))
    #expect(model.components.first?.graphs.first?.operatorCounts == ["If": 30, "Relu": 1])
  }
}
