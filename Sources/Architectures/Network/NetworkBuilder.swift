import FileIO
import ModelGraph
import Tensors

/// Puts a network together layer by layer over a checkpoint's tensors.
///
/// Layers take and give back value names. Parameters are asked for by the name within the current
/// scope; all arithmetic is in fp32, so a parameter stored in another type goes through a Cast.
/// Not for several threads.
public final class NetworkBuilder {
  /// The checkpoint that parameters come from.
  public let checkpoint: Checkpoint
  private var builder: GraphBuilder
  private var parameters: [String: String] = [:]
  private var integerVectors: [[Int64]: String] = [:]
  private var scalars: [Float: String] = [:]
  private var unitScales: [Int: String] = [:]

  /// Starts an empty graph.
  public init(name: String, checkpoint: Checkpoint) {
    self.checkpoint = checkpoint
    builder = GraphBuilder(name: name)
  }

  /// The most nodes a network may have, many times what real ones have.
  private static let maximumNodes = 1_000_000
}

extension NetworkBuilder {
  /// The graph so far.
  ///
  /// - Throws: `ArchitectureError.limit` where there are more nodes than any real network has.
  public func finished() throws(ArchitectureError) -> Graph {
    guard builder.graph.nodes.count <= Self.maximumNodes else {
      throw .limit(file: checkpoint.file, what: "nodes", limit: Self.maximumNodes)
    }
    return builder.graph
  }

  /// Declares an input and gives back its name.
  public func input(_ name: String, _ dtype: DType = .float32, _ dimensions: [Dimension]) -> String
  {
    builder.input(name, dtype, dimensions)
  }

  /// Declares an input that need not be given: it is `fallback` then.
  public func input(
    _ name: String, _ dtype: DType, _ dimensions: [Dimension], default fallback: Tensor
  ) -> String {
    builder.input(name, dtype, dimensions, default: fallback)
  }

  /// Declares that `value` is an output called `name`.
  public func output(
    _ value: String, as name: String, _ dimensions: [Dimension], dtype: DType = .float32
  ) {
    builder.output(value, as: name, dtype, dimensions)
  }

  /// Runs `body` with `prefix` (and a full stop) before the names of parameters, nodes and values.
  public func scope<Result>(
    _ prefix: String, _ body: () throws(ArchitectureError) -> Result
  ) throws(ArchitectureError) -> Result {
    builder.enterScope(prefix)
    defer { builder.leaveScope() }
    return try body()
  }

  /// The checkpoint's name of the parameter `name` of the current scope.
  public func path(_ name: String) -> String { builder.path(name) }

  /// Adds a node with one output.
  public func add(
    _ opType: String, _ inputs: [String], _ attributes: [String: AttributeValue] = [:]
  ) -> String {
    builder.add(opType, inputs, attributes)
  }

  /// Adds a node with several outputs.
  public func add(
    _ opType: String, _ inputs: [String], outputCount: Int,
    _ attributes: [String: AttributeValue] = [:]
  ) -> [String] {
    builder.add(opType, inputs, outputCount: outputCount, attributes)
  }
}

extension NetworkBuilder {
  /// The parameter `name` of the current scope, of the extents `dimensions`, in fp32.
  ///
  /// - Throws: `ArchitectureError.tensors` only where there is no end to missing ones.
  public func parameter(
    _ name: String, _ dimensions: [Int]
  ) throws(ArchitectureError) -> String {
    let path = builder.path(name)
    if let known = parameters[path] { return known }
    let dtype = try checkpoint.use(path, dimensions)
    guard let shape = try? Shape(checking: dimensions) else {
      throw .limit(file: checkpoint.file, what: "elements of \(path)", limit: .max)
    }
    let stored = builder.weight(path, dtype, shape)
    let value = dtype == .float32 ? stored : cast(stored, to: .float32)
    parameters[path] = value
    return value
  }

  /// `value` in the type `dtype` (Cast).
  public func cast(_ value: String, to dtype: DType) -> String {
    add("Cast", [value], ["to": .int(Int64(dtype.rawValue))])
  }

  /// A vector of whole numbers held in the graph (int64); equal ones are held once.
  public func integers(_ values: [Int64]) -> String {
    if let known = integerVectors[values] { return known }
    let value = builder.constant(Self.tensor(values, [values.count]), hint: "integers")
    integerVectors[values] = value
    return value
  }

  /// A scalar held in the graph (fp32); equal ones are held once.
  public func real(_ value: Float) -> String {
    if let known = scalars[value] { return known }
    let name = builder.constant(Self.tensor([value], .scalar), hint: "real")
    scalars[value] = name
    return name
  }

  /// A tensor of fp32 held in the graph; `values` must be as many as `shape` has elements.
  public func reals(_ values: [Float], _ shape: Shape) -> String {
    builder.constant(Self.tensor(values, shape), hint: "reals")
  }

  /// A whole number held in the graph (int64, scalar).
  public func integer(_ value: Int64) -> String {
    builder.constant(Self.tensor([value], .scalar), hint: "integer")
  }

  /// A tensor of fp64 held in the graph; `values` must be as many as `shape` has elements.
  public func doubles(_ values: [Double], _ shape: Shape) -> String {
    builder.constant(Self.tensor(values, shape), hint: "doubles")
  }

  /// `count` ones held in the graph; equal ones are held once.
  func ones(_ count: Int) -> String {
    if let known = unitScales[count] { return known }
    let value = reals(Array(repeating: 1, count: count), [count])
    unitScales[count] = value
    return value
  }

  static func tensor(_ values: [some TensorElement], _ shape: Shape) -> Tensor {
    do {
      return try Tensor(values, shape)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
