import FileIO
import ImgconvKit

/// Where the bytes of a native file are.
enum SizesText {
  /// A row for each component and type, and what is stored once, as differences, and besides.
  static func text(_ report: SizesReport) -> String {
    var table = TextTable([
      ("component", .left), ("type", .left), ("tensors", .right), ("plain", .right),
      ("stored", .right), ("share", .right),
    ])
    for row in report.rows { table.add(cells(row)) }
    var lines = [table.text]
    if report.repeatedCount > 0 {
      lines.append(
        "stored once: \(report.repeatedCount) tensors equal an earlier one, which saves "
          + Quantities.bytes(report.repeatedSize))
    }
    if report.differenceCount > 0 {
      lines.append(
        "differences: \(report.differenceCount) tensors are stored as differences to others"
          + (report.teacher.map { ", some to \($0.name.escapedForDisplay)" } ?? ""))
    }
    lines.append(
      "configurations, files and index: \(Quantities.bytes(report.otherSize)) of "
        + Quantities.bytes(Int(report.fileSize)))
    return lines.joined(separator: "\n")
  }

  /// The same, tensor by tensor.
  static func tensors(_ report: SizesReport) -> String {
    var table = TextTable([
      ("tensor", .left), ("type", .left), ("plain", .right), ("stored", .right), ("share", .right),
      ("", .left),
    ])
    for tensor in report.tensors {
      let label = "\(tensor.component) \(tensor.info.name.escapedForDisplay(limit: 200))"
      let note = tensor.isRepeated ? "stored once" : tensor.isDifference ? "difference" : ""
      table.add([
        label, tensor.info.dtype.name, Quantities.bytes(tensor.info.byteCount),
        Quantities.bytes(tensor.storedSize),
        Quantities.percent(tensor.storedSize, of: tensor.info.byteCount), note,
      ])
    }
    return table.text
  }

  private static func cells(_ row: SizesReport.Row) -> [String] {
    [
      row.component, row.type, "\(row.tensorCount)", Quantities.bytes(row.byteCount),
      Quantities.bytes(row.storedSize), Quantities.percent(row.storedSize, of: row.byteCount),
    ]
  }
}

/// The same as JSON.
struct SizesDocument: Encodable {
  struct Tensor: Encodable {
    let component: String
    let name: String
    let type: String
    let bytes: Int
    let storedBytes: Int
    let repeated: Bool
    let difference: Bool
  }

  let fileSize: UInt64
  let otherBytes: Int
  let teacher: String?
  let tensors: [Tensor]

  init(_ report: SizesReport) {
    fileSize = report.fileSize
    otherBytes = report.otherSize
    teacher = report.teacher?.contentDigest
    tensors = report.tensors.map {
      Tensor(
        component: $0.component, name: $0.info.name, type: $0.info.dtype.name,
        bytes: $0.info.byteCount, storedBytes: $0.storedSize, repeated: $0.isRepeated,
        difference: $0.isDifference)
    }
  }
}
