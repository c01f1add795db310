import FileIO
import ModelGraph

/// What differs between two models, the first being the older one.
public struct ModelDifference: Sendable {
  /// The changes: the model's own first, then component by component.
  public let changes: [ModelChange]

  /// Whether nothing differs.
  public var isEmpty: Bool { changes.isEmpty }

  /// Compares `before` with `after`: components by label (or the only ones of both), their
  /// configurations, graphs, quantization and tensors, attached files, provenance.
  ///
  /// - Parameters:
  ///   - comparesValues: whether tensors stored differently are dequantized and compared, one
  ///     tensor at a time in memory; without it types, shapes and bytes alone are looked at.
  ///   - progress: is told what is being compared.
  /// - Throws: what reading a tensor throws.
  public init(
    from before: Model, to after: Model, comparesValues: Bool = true,
    progress: (String) -> Void = { _ in }
  ) throws {
    var changes = Self.fileChanges(before, after) + Self.provenanceChanges(before, after)
    var unmatched = after.components
    for component in before.components {
      let onlyOnes = before.components.count == 1 && after.components.count == 1
      guard let index = unmatched.firstIndex(where: { onlyOnes || $0.label == component.label })
      else {
        changes.append(
          ModelChange(
            .component, in: nil, component.label, before: component.sizeText, after: nil))
        continue
      }
      let other = unmatched.remove(at: index)
      if other.label != component.label {
        changes.append(
          ModelChange(.component, in: nil, "label", before: component.label, after: other.label))
      }
      changes += try ComponentDifference(
        before: component, after: other, comparesValues: comparesValues
      ).changes(progress: progress)
    }
    changes += unmatched.map {
      ModelChange(.component, in: nil, $0.label, before: nil, after: $0.sizeText)
    }
    self.changes = changes
  }

  private static func fileChanges(_ before: Model, _ after: Model) -> [ModelChange] {
    let changes = ModelChange.between(
      before.files.map { ($0.path, $0.content) }, after.files.map { ($0.path, $0.content) },
      section: .file, in: nil, text: { "\($0.count) bytes" }, isSame: ==)
    return changes.flatMap { change in
      let members = [before, after].compactMap { $0.file(at: change.name).flatMap(settings) }
      guard change.kind == .changed, members.count == 2 else { return [change] }
      // Both are settings: what changed is told key by key.
      return ModelChange.between(
        members[0].map { ("\(change.name): \($0.name)", $0.entry) },
        members[1].map { ("\(change.name): \($0.name)", $0.entry) }, section: .file, in: nil)
    }
  }

  private static let maximumSettingsSize = 1 << 16

  /// The members of a small JSON object with their values as JSON; nil for other content.
  private static func settings(_ content: [UInt8]) -> [(name: String, entry: String)]? {
    guard content.count <= maximumSettingsSize else { return nil }
    var parser = JSONParser()
    parser.allowsNonFinite = true
    return (try? parser.parse(content))?.members.map { members in
      members.map { ($0.name, String(decoding: JSONWriter.bytes($0.value), as: UTF8.self)) }
    }
  }

  private static func provenanceChanges(_ before: Model, _ after: Model) -> [ModelChange] {
    ModelChange.between(
      steps(before), steps(after), section: .provenance, in: nil)
  }

  private static func steps(_ model: Model) -> [(name: String, entry: String)] {
    // A reader's own notes are no step of the model's history.
    model.provenance.filter { $0.action != "read" }.enumerated().map { index, step in
      let options = step.options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let inputs = step.inputs.map { "\($0.name) sha256:\($0.sha256)" }
      let text = [step.action, "by", step.tool] + options + ["from"] + inputs
      return ("step \(index + 1)", text.joined(separator: " "))
    }
  }
}

extension Component {
  /// How large the component is, in words.
  fileprivate var sizeText: String { "\(weights.tensors.count) tensors, \(graphs.count) graphs" }
}
