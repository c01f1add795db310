import Diffusion
import FileIO
import ModelGraph
import Operators
import Tensors

/// Inputs drawn at random, the same for the same seed on every machine.
///
/// Floats are standard normal; integers that look rows up in a table are uniform over its rows;
/// other integers, and whatever is called `timestep`, uniform over 0 … 999; booleans are even
/// chances. The symbols `batch` and `N` (and a first axis of unknown extent) stand for 1, heights
/// and widths for the configuration's `sample_size` or else 64, tokens and sequences for 77.
public struct DrawnSamples: SampleSource {
  private let seed: UInt64
  private let numbers: Range<Int>

  /// Draws the samples of these numbers; sample k is drawn from `seed` + k.
  public init(seed: UInt64, numbers: Range<Int>) {
    self.seed = seed
    self.numbers = numbers
  }

  public var firstNumber: Int { numbers.lowerBound }

  public func samples(for graph: Graph, of component: Component) throws -> [[String: Tensor]] {
    let extents = SymbolExtents(component)
    let tables = LookupTables(graph)
    return try numbers.map { index in
      var generator = NormalGenerator(seed: seed &+ UInt64(index))
      var sample: [String: Tensor] = [:]
      for input in graph.requiredInputs {
        sample[input.name] = try draw(input, extents, tables, &generator)
      }
      return sample
    }
  }

  private func draw(
    _ input: ValueInfo, _ extents: SymbolExtents, _ tables: LookupTables,
    _ generator: inout NormalGenerator
  ) throws -> Tensor {
    guard let dtype = input.type.dtype else {
      throw VerificationError.cannotSynthesize(
        input: input.name, reason: "its element type is not declared")
    }
    let shape = try extents.shape(of: input)
    let bound = tables.rows(of: input.name) ?? 1000
    let isTime = input.name.lowercased().contains("timestep")
    let elements: [Float] = (0..<shape.elementCount).map { _ in
      if dtype == .bool { return Float(generator.integer(below: 2)) }
      if dtype.isInteger || isTime { return Float(generator.integer(below: bound)) }
      return generator.normal()
    }
    return try Tensor(elements, shape).converted(to: dtype)
  }
}

/// The extents that symbols stand for.
private struct SymbolExtents {
  private let sampleSize: Int

  init(_ component: Component) {
    let config = component.config.flatMap { try? JSONParser().parse($0) }
    sampleSize = config?["sample_size"]?.int ?? 64
  }

  func shape(of input: ValueInfo) throws -> Shape {
    guard let dimensions = input.type.dimensions else {
      throw VerificationError.cannotSynthesize(
        input: input.name, reason: "its shape is not declared")
    }
    let extents = try dimensions.enumerated().map { axis, dimension in
      switch dimension {
      case .fixed(let extent): return extent
      case .symbol(let name):
        if let extent = extent(of: name) { return extent }
      case .unknown: break
      }
      guard axis == 0 else {
        throw VerificationError.cannotSynthesize(
          input: input.name, reason: "the extent of axis \(axis) is not known")
      }
      return 1
    }
    return try Shape(checking: extents)
  }

  private func extent(of symbol: String) -> Int? {
    let name = symbol.lowercased()
    if name.contains("batch") || name == "n" { return 1 }
    if name.contains("height") || name.contains("width") || name == "h" || name == "w" {
      return sampleSize
    }
    if name.contains("token") || name.contains("seq") || name.contains("length") { return 77 }
    return nil
  }
}
