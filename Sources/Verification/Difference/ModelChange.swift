/// One thing that differs between two models, the older one first.
public struct ModelChange: Hashable, Sendable, Encodable {
  /// The part of a model that differs.
  public enum Section: String, Sendable, Encodable, CaseIterable {
    case component
    case config
    case graph
    case input
    case output
    case node
    case constant
    case tensor
    case quantization
    case metadata
    case file
    case provenance
  }

  /// What happened to it.
  public enum Kind: String, Sendable, Encodable {
    case added
    case removed
    case changed
  }

  /// The part that differs.
  public var section: Section
  /// The label of the component it belongs to; nil for the model itself.
  public var component: String?
  /// Its name: a tensor's, a node's first output, a key of the configuration, a path.
  public var name: String
  /// What happened.
  public var kind: Kind
  /// What stood there in the older model.
  public var before: String?
  /// What stands there in the newer model.
  public var after: String?
  /// ‖older − newer‖ / ‖older‖ of a tensor's real values, where they were compared.
  public var relativeL2: Double?

  /// Describes a change; the kind follows from which of `before` and `after` are given.
  init(
    _ section: Section, in component: String?, _ name: String, before: String?, after: String?,
    relativeL2: Double? = nil
  ) {
    self.section = section
    self.component = component
    self.name = name
    self.before = before
    self.after = after
    self.relativeL2 = relativeL2
    kind = before == nil ? .added : after == nil ? .removed : .changed
  }
}

extension ModelChange {
  /// The changes between two lists of named texts, in the older list's order, additions last.
  ///
  /// - Parameter isSame: whether two entries of one name count as equal.
  static func between<Entry>(
    _ before: [(name: String, entry: Entry)], _ after: [(name: String, entry: Entry)],
    section: Section, in component: String?, text: (Entry) -> String,
    isSame: (Entry, Entry) throws -> Bool
  ) rethrows -> [ModelChange] {
    let newer = Dictionary(
      after.map { (Array($0.name.utf8), $0.entry) }, uniquingKeysWith: { first, _ in first })
    let older = Set(before.map { Array($0.name.utf8) })
    var changes: [ModelChange] = []
    for (name, entry) in before {
      guard let other = newer[Array(name.utf8)] else {
        changes.append(
          ModelChange(section, in: component, name, before: text(entry), after: nil))
        continue
      }
      if try !isSame(entry, other) {
        changes.append(
          ModelChange(section, in: component, name, before: text(entry), after: text(other)))
      }
    }
    for (name, entry) in after where !older.contains(Array(name.utf8)) {
      changes.append(ModelChange(section, in: component, name, before: nil, after: text(entry)))
    }
    return changes
  }

  /// The changes between two lists of named texts that are compared as texts.
  static func between(
    _ before: [(name: String, entry: String)], _ after: [(name: String, entry: String)],
    section: Section, in component: String?
  ) -> [ModelChange] {
    between(before, after, section: section, in: component, text: { $0 }, isSame: ==)
  }
}
