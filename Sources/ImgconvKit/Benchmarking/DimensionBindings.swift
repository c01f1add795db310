import ModelGraph

/// Extents given for the free dimensions of a graph's inputs: by the symbol's name, or where an axis
/// has none by `INPUT.AXIS` (`sample.2`).
public struct DimensionBindings: Sendable {
  private let extents: [String: Int]

  /// Reads `name=value` pairs.
  ///
  /// - Throws: `JobError.option` for a pair of another form, or an extent below 1.
  public init(_ pairs: [String]) throws {
    var extents: [String: Int] = [:]
    for pair in pairs {
      let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let extent = Int(parts[1]), extent > 0 else {
        throw JobError.option(name: "--dim", expected: "NAME=EXTENT", found: pair)
      }
      extents[String(parts[0])] = extent
    }
    self.extents = extents
  }

  /// `graph` with the dimensions of its inputs fixed that have an extent given.
  ///
  /// - Throws: `JobError.option` for a name that no free dimension has.
  func bound(_ graph: Graph) throws -> Graph {
    var bound = graph
    var unused = Set(extents.keys)
    for index in bound.inputs.indices {
      let input = bound.inputs[index]
      bound.inputs[index].type.dimensions = input.type.dimensions?.enumerated().map {
        axis, dimension in
        guard dimension.fixedValue == nil else { return dimension }
        let names = ["\(input.name).\(axis)"] + dimension.symbolNames
        guard let name = names.first(where: { extents[$0] != nil }), let extent = extents[name]
        else { return dimension }
        unused.remove(name)
        return .fixed(extent)
      }
    }
    if let name = unused.sorted().first {
      throw JobError.option(
        name: "--dim", expected: "a free dimension: " + Self.freeNames(graph), found: name)
    }
    return bound
  }

  private static func freeNames(_ graph: Graph) -> String {
    let names = graph.inputs.flatMap { input in
      (input.type.dimensions ?? []).enumerated().compactMap { axis, dimension in
        dimension.fixedValue != nil ? nil : dimension.symbolNames.first ?? "\(input.name).\(axis)"
      }
    }
    return names.isEmpty ? "the inputs have none" : Set(names).sorted().joined(separator: ", ")
  }
}

extension Dimension {
  /// The symbol's name, where this is one.
  fileprivate var symbolNames: [String] {
    if case .symbol(let name) = self { [name] } else { [] }
  }
}
