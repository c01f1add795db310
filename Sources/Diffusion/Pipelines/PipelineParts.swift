import FileIO
import ModelGraph

/// The parts of a model that work together with one denoiser: those of its role where there are
/// such, else those of no role or of another.
struct PipelineParts: Sendable {
  /// All attached files.
  let files: [AttachedFile]
  private let components: [Component]
  private let role: Role?

  /// The parts of `model` beside a denoiser of `role`.
  init(_ model: Model, role: Role?) {
    files = model.files
    components = model.components
    self.role = role
  }

  /// The component called `name`; nil where there is none.
  func component(_ name: String) -> Component? {
    let named = components.filter { $0.name == name && !$0.graphs.isEmpty }
    return named.first { $0.role == role } ?? named.first
  }

  /// The path of the attached folder `name`.
  func folder(_ name: String) -> String {
    let own = role.map { "\($0.rawValue)/\(name)" }
    if let own, files.contains(where: { $0.path.hasPrefix(own + "/") }) { return own }
    return name
  }

  /// The value of `key` in `model_index.json`; nil where it is absent or null.
  func setting(_ key: String) -> JSONValue? {
    let name = "model_index.json"
    let paths = [role.map { "\($0.rawValue)/\(name)" }, name].compactMap { $0 }
    let bytes = paths.lazy.compactMap { path in files.first { $0.path == path }?.content }.first
    let value = bytes.flatMap { try? JSONParser().parse($0) }?[key]
    return value?.isNull == true ? nil : value
  }
}

extension Component {
  /// The value of `key` in the component's configuration; nil where it is absent or null.
  func setting(_ key: String) -> JSONValue? {
    let value = config.flatMap { try? JSONParser().parse($0) }?[key]
    return value?.isNull == true ? nil : value
  }

  /// The whole number from 1 to 2²⁴ that `key` has in the component's configuration; nil for
  /// anything else.
  func count(_ key: String) -> Int? {
    setting(key)?.int.flatMap { (1...1 << 24).contains($0) ? $0 : nil }
  }
}
