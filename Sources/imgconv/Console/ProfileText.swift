import FileIO
import ImgconvKit

/// A profile as tables: time by operator, then the nodes that took longest.
enum ProfileText {
  static func text(_ report: ProfileReport) -> String {
    var operators = TextTable([
      ("operator", .left), ("count", .right), ("total ms", .right), ("share", .right),
    ])
    for row in report.operators {
      operators.add([
        row.opType.escapedForDisplay(limit: 60), "\(row.count)", milliseconds(row.milliseconds),
        Quantities.share(row.share),
      ])
    }
    operators.add(["all", "\(count(report))", milliseconds(report.milliseconds), "100.0%"])
    var nodes = TextTable([
      ("node", .left), ("operator", .left), ("output", .left), ("count", .right),
      ("total ms", .right), ("share", .right),
    ])
    for row in report.nodes {
      nodes.add([
        (row.node ?? "").escapedForDisplay(limit: 60), row.opType.escapedForDisplay(limit: 40),
        row.outputs ?? "", "\(row.count)", milliseconds(row.milliseconds),
        Quantities.share(row.share),
      ])
    }
    return operators.text + "\n\n" + nodes.text
  }

  private static func count(_ report: ProfileReport) -> Int {
    report.operators.reduce(0) { $0 + $1.count }
  }

  private static func milliseconds(_ value: Double) -> String { Quantities.fixed(value, 2) }
}

/// A profile as JSON.
struct ProfileDocument: Encodable {
  struct Row: Encodable {
    let `operator`: String
    let node: String?
    let outputs: String?
    let count: Int
    let milliseconds: Double
    let share: Double

    init(_ row: ProfileReport.Row) {
      `operator` = row.opType
      node = row.node
      outputs = row.outputs
      count = row.count
      milliseconds = row.milliseconds
      share = row.share
    }
  }

  let milliseconds: Double
  let operators: [Row]
  let nodes: [Row]

  init(_ report: ProfileReport) {
    milliseconds = report.milliseconds
    operators = report.operators.map(Row.init)
    nodes = report.nodes.map(Row.init)
  }
}
