import FileIO
import Verification

/// A difference between models, in words.
enum DiffText {
  /// Changes grouped by component, section and kind, the first `shownPerGroup` of each; a line
  /// that counts them at the end.
  static func summary(_ difference: ModelDifference, shownPerGroup: Int) -> String {
    guard !difference.isEmpty else { return "nothing differs" }
    var lines: [String] = []
    for group in groups(difference.changes) {
      lines.append(heading(group))
      lines += group.prefix(shownPerGroup).map(line)
      if group.count > shownPerGroup {
        lines.append("    … and \(group.count - shownPerGroup) more (--all lists them)")
      }
    }
    let count = difference.changes.count
    lines.append("\(count) \(count == 1 ? "difference" : "differences")")
    return lines.joined(separator: "\n")
  }

  /// Runs of changes of one component, section and kind, in order of first appearance.
  private static func groups(_ changes: [ModelChange]) -> [[ModelChange]] {
    var order: [GroupKey] = []
    var groups: [GroupKey: [ModelChange]] = [:]
    for change in changes {
      let key = GroupKey(component: change.component, section: change.section, kind: change.kind)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(change)
    }
    return order.map { groups[$0] ?? [] }
  }

  private struct GroupKey: Hashable {
    let component: String?
    let section: ModelChange.Section
    let kind: ModelChange.Kind
  }

  private static func heading(_ group: [ModelChange]) -> String {
    guard let first = group.first else { return "" }
    let place = first.component.map { "\($0.escapedForDisplay(limit: 100)): " } ?? ""
    return "\(place)\(first.section.rawValue) \(first.kind.rawValue): \(group.count)"
  }

  private static func line(_ change: ModelChange) -> String {
    let mark =
      switch change.kind {
      case .added: "+"
      case .removed: "-"
      case .changed: "~"
      }
    let name = change.name.escapedForDisplay(limit: 200)
    let texts = [change.before, change.after].compactMap { $0?.escapedForDisplay(limit: 300) }
    let detail =
      texts.count == 2 && texts[0] == texts[1] ? texts[0] : texts.joined(separator: " → ")
    let distance =
      change.relativeL2.map { ", rel. L2 \(Quantities.significant($0, 3))" } ?? ""
    return "  \(mark) \(name): \(detail)\(distance)"
  }
}
