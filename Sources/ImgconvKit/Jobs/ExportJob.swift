import FileIO
import ModelGraph
import SafetensorsFormat
import Tensors

/// `imgconv export`: an artifact's weights as a plain safetensors file.
public struct ExportJob: Sendable {
  /// The artifact.
  public var input: String
  /// Where the file goes.
  public var output: String
  /// The component to export; nil for the only one.
  public var component: String?
  /// Whether `output` may be replaced.
  public var replacesExisting: Bool

  /// Describes an export.
  public init(
    input: String, output: String, component: String? = nil, replacesExisting: Bool = false
  ) {
    self.input = input
    self.output = output
    self.component = component
    self.replacesExisting = replacesExisting
  }

  /// Exports and gives back how many tensors were written.
  ///
  /// - Throws: the formats' errors, `JobError`, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> Int {
    let loaded = try ModelLoader().load(path: input)
    let selected = try selected(loaded)
    progress("writing \(output.lastComponent)", 0)
    try SafetensorsWriter.write(
      selected.weights, to: output, metadata: selected.metadata,
      replacesExisting: replacesExisting)
    return selected.weights.tensors.count
  }

  private func selected(_ loaded: LoadedModel) throws -> Component {
    let components = loaded.model.components
    guard let component else {
      if components.count == 1 { return components[0] }
      throw JobError.ambiguousGraph(path: input, found: components.map(\.label))
    }
    guard
      let match = components.first(where: {
        $0.name == component || $0.label == component || $0.role?.rawValue == component
      })
    else {
      throw JobError.noComponent(path: input, name: component, found: components.map(\.label))
    }
    return match
  }
}
