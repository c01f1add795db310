import ModelGraph
import Operators
import Testing

@Suite("Operators that are not known")
struct UnknownOperatorTests {
  @Test("98 unknown operators and domains are listed all at once, with counts")
  func listed() {
    let graph = Graph(
      name: "g",
      nodes: [
        Node("Frobnicate", inputs: ["x"], outputs: ["a"]),
        Node("Frobnicate", inputs: ["a"], outputs: ["b"]),
        Node("Relu", inputs: ["b"], outputs: ["c"]),
        Node("Relu", domain: "com.example", inputs: ["c"], outputs: ["d"]),
      ])
    let found = OperatorRegistry.standard.unknownOperators(of: graph).map(\.description).sorted()
    #expect(found.count == 2)
    #expect(found.contains { $0.contains("Frobnicate") && $0.contains("2") })
    #expect(found.contains { $0.contains("com.example") && $0.contains("Relu") })
  }
}
