import ModelGraph
import Tensors

/// Which graphs of a model a command means.
struct GraphSelection {
  private let path: String
  private let candidates: [(component: Component, graph: Graph)]

  /// The graphs of the component (or of the component's graph) called `component`, or all.
  ///
  /// - Throws: `JobError.noComponent`, `.noGraph`.
  init(_ loaded: LoadedModel, component name: String?) throws {
    path = loaded.path
    let all = loaded.model.components.flatMap { component in
      component.graphs.map { (component: component, graph: $0) }
    }
    guard !all.isEmpty else { throw JobError.noGraph(path: path, command: "run") }
    guard let name else {
      candidates = all
      return
    }
    candidates = all.filter {
      $0.component.name == name || $0.graph.name == name || $0.component.role?.rawValue == name
        || "\($0.component.name).\($0.graph.name)" == name
        || $0.component.label == name
    }
    if candidates.isEmpty {
      throw JobError.noComponent(
        path: path, name: name, found: all.map { "\($0.component.label).\($0.graph.name)" })
    }
  }

  /// The graphs all of whose inputs are among `files`, with the rank and fixed extents declared;
  /// the only graph in any case.
  ///
  /// - Throws: `JobError.ambiguousGraph` where none or several of different components fit.
  func graphs(
    givenInputs files: TensorFiles
  ) throws -> [(component: Component, graph: Graph)] {
    if candidates.count == 1 { return candidates }
    let runnable = candidates.filter { _, graph in
      graph.requiredInputs.allSatisfy { input in
        files.named[input.name].map { input.type.admits($0.shape) } ?? false
      }
    }
    let labels = Set(runnable.map(\.component.label))
    guard !runnable.isEmpty, labels.count == Set(runnable.map(\.component.name)).count else {
      throw JobError.ambiguousGraph(
        path: path, found: candidates.map { "\($0.component.label).\($0.graph.name)" })
    }
    return runnable
  }
}

extension TensorType {
  /// Whether a tensor of `shape` has the rank and the fixed extents declared: several components
  /// may have an input of one name (`sample` of a denoiser and of an encoder).
  fileprivate func admits(_ shape: Shape) -> Bool {
    guard let dimensions else { return true }
    return dimensions.count == shape.rank
      && zip(dimensions, shape.dimensions).allSatisfy { $0.fixedValue ?? $1 == $1 }
  }
}
