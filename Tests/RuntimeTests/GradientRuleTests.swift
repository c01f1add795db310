import ModelGraph
import Runtime
import Tensors
import Testing

/// One operator's gradient rule under test.
struct RuleCase: Sendable, CustomStringConvertible {
  let opType: String
  /// The inputs: shapes of numbers to differentiate by, constants, or none.
  let inputs: [Input]
  var attributes: [String: AttributeValue] = [:]
  var outputs = 1
  var low = -1.0
  var high = 1.0
  var note = ""

  enum Input: Sendable {
    case variable(Shape)
    case ints([Int], Shape? = nil)
    case floats([Float])
    case bools([Bool], Shape)
    case none
  }

  var description: String { opType + (note.isEmpty ? "" : " (\(note))") }

  /// A graph of the one node, values for its variables.
  func check() throws -> (GradientCheck, [String]) {
    var graph = Graph(name: "rule")
    var values: [String: Tensor] = [:]
    var names: [String] = []
    for (index, input) in inputs.enumerated() {
      let name = "x\(index)"
      names.append(name)
      switch input {
      case .variable(let shape):
        graph.inputs.append(ValueInfo(name: name, type: TensorType(.float64, shape)))
        values[name] = try GradientCheck.tensor(shape, seed: index, low: low, high: high)
      case .ints(let numbers, let shape):
        graph.initializers.append(
          Initializer(name: name, inline: try Tensor(numbers.map(Int64.init), shape)))
      case .floats(let numbers):
        graph.initializers.append(Initializer(name: name, inline: try Tensor(numbers)))
      case .bools(let flags, let shape):
        graph.initializers.append(Initializer(name: name, inline: try Tensor(flags, shape)))
      case .none: names[index] = ""
      }
    }
    let outputs = (0..<outputs).map { "y\($0)" }
    graph.nodes = [Node(opType, inputs: names, outputs: outputs, attributes: attributes)]
    graph.outputs = outputs.map { ValueInfo(name: $0, type: TensorType(.float64, nil)) }
    return (GradientCheck(graph: graph, values: values), values.keys.sorted())
  }
}

@Suite struct GradientRuleTests {
  /// Central differences in fp64 with a step of 1e-5 are good to some 1e-9.
  static let tolerance = 1e-7

  @Test(arguments: RuleCase.all)
  func ruleAgreesWithFiniteDifferences(_ rule: RuleCase) throws {
    let (check, variables) = try rule.check()
    let worst = try check.worstRelativeError(variables)
    print("gradient \(rule): worst relative error \(worst)")
    #expect(worst < Self.tolerance, "\(rule)")
  }
}
