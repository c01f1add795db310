import Foundation

/// Which rewrites a session applies.
public struct RewriteSelection: Sendable {
  /// The names of those left out.
  public var omitted: Set<String>

  /// All but those named; "all" leaves out every one.
  ///
  /// - Throws: `RuntimeError.unknownRewrite`.
  public init(omitting names: some Sequence<String>) throws {
    omitted = []
    for name in names {
      if name == "all" {
        omitted.formUnion(GraphRewrites.names)
      } else if GraphRewrites.names.contains(name) {
        omitted.insert(name)
      } else {
        throw RuntimeError.unknownRewrite(name: name, known: GraphRewrites.names)
      }
    }
  }

  private init(omitted: Set<String>) { self.omitted = omitted }

  /// Every rewrite.
  public static let all = RewriteSelection(omitted: [])

  /// No rewrite: the graph as it is stored.
  public static let none = RewriteSelection(omitted: Set(GraphRewrites.names))

  /// All but `further` ones and those named, separated by commas, in the environment variable
  /// `IMGCONV_WITHOUT_FUSION`.
  ///
  /// - Throws: `RuntimeError.unknownRewrite`.
  public static func environment(omitting further: [String] = []) throws -> RewriteSelection {
    let text = ProcessInfo.processInfo.environment["IMGCONV_WITHOUT_FUSION"] ?? ""
    return try RewriteSelection(omitting: text.split(separator: ",").map(String.init) + further)
  }
}

extension RewriteSelection {
  /// The rewrites selected, in their order.
  var rewrites: [any GraphRewrite] {
    GraphRewrites.all.filter { !omitted.contains($0.name) }.map { $0.init() }
  }
}
