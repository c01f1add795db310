import FileIO
import ModelGraph
import Tensors

/// Divides activations of a graph by a factor for each channel.
struct SmoothingRewriter {
  private var graph: Graph
  private let uses: ValueUses
  private let layers: [Int: ProductLayer]
  private var taken: Set<ByteString>
  private var added: [Int: [Node]] = [:]
  private var renamed: [String] = []

  /// - Parameter excluded: the weights that must stay as they are.
  init(_ graph: Graph, excluded: Set<ByteString>) {
    self.graph = graph
    uses = ValueUses(graph, excluded: excluded)
    let layers = WeightUsageAnalysis(graphs: [graph]).layers
    self.layers = Dictionary(
      layers.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
    taken = graph.valueNames
  }

  /// The graph with all divisions.
  var rewritten: Graph {
    var result = graph
    result.nodes = graph.nodes.enumerated().flatMap { (added[$0] ?? []) + [$1] }
    result.rename(renamed, suffix: "smoothed")
    return result
  }

  /// Divides `value` by `factors` on its way into `users`.
  ///
  /// - Parameters:
  ///   - parts: the values concatenated to make it, or itself, with their channel counts.
  ///   - rank: how many axes it has.
  ///   - scaling: takes up divisions that go into weights.
  mutating func divide(
    _ value: String, parts: [(name: String, count: Int)], by factors: [Float], rank: Int,
    users: [ProductLayer], _ scaling: inout AxisScaling
  ) {
    let lastAxis = !users[0].isConvolution
    if parts.count == 1,
      let producer = ChannelProducer(
        of: value, users: users.count, in: uses, layers: layers, lastAxis: lastAxis)
    {
      for part in producer.parts {
        scaling.multiply(part.weight, axis: part.axis, by: factors.map { 1 / $0 })
      }
      renamed += producer.values
      return
    }
    guard let first = users.map(\.index).min(),
      let divided = try? product(value, parts, factors, rank, lastAxis, before: first)
    else { return }
    for user in users { graph.nodes[user.index].inputs[user.activationInput] = divided }
  }

  /// The name of `value` divided, each part by itself.
  private mutating func product(
    _ value: String, _ parts: [(name: String, count: Int)], _ factors: [Float], _ rank: Int,
    _ lastAxis: Bool, before index: Int
  ) throws -> String {
    var start = 0
    var names: [String] = []
    for part in parts {
      let slice = factors[start..<start + part.count].map { 1 / $0 }
      start += part.count
      let ones = [Int](repeating: 1, count: lastAxis ? 0 : rank - 2)
      let constant = GeneratedNames.free("\(part.name).smoothing", &taken)
      graph.initializers.append(
        Initializer(name: constant, inline: try Tensor(slice, Shape([part.count] + ones))))
      let name = GeneratedNames.free("\(part.name).smoothed", &taken)
      added[index, default: []].append(
        Node("Mul", name: name, inputs: [part.name, constant], outputs: [name]))
      names.append(name)
    }
    guard parts.count > 1 else { return names[0] }
    let joined = GeneratedNames.free("\(value).smoothed", &taken)
    added[index, default: []].append(
      Node(
        "Concat", name: joined, inputs: names, outputs: [joined],
        attributes: ["axis": .int(lastAxis ? -1 : 1)]))
    return joined
  }
}
