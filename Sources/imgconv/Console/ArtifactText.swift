import FileIO
import ImgconvKit

/// What was written, in words.
enum ArtifactText {
  /// A line for each component, the notes, and a line for the file.
  static func summary(_ report: ArtifactReport) -> String {
    var lines = report.items.map { item in
      "\(item.component): \(item.tensorCount) tensors, \(Quantities.bytes(item.byteCount))"
        + (item.nodeCount > 0 ? ", graph of \(item.nodeCount) nodes" : ", no graph")
    }
    lines += report.notes.map { "note: \($0.escapedForDisplay)" }
    let plain = report.items.reduce(0) { $0 + $1.byteCount }
    lines.append(
      "\(report.path.escapedForDisplay): \(Quantities.bytes(Int(report.fileSize))) "
        + "(\(Quantities.percent(Int(report.fileSize), of: plain)) of the tensors), "
        + "content \(report.contentDigest)")
    return lines.joined(separator: "\n")
  }
}

/// What was written, as JSON.
struct ArtifactDocument: Encodable {
  /// One component.
  struct Item: Encodable {
    let component: String
    let tensors: Int
    let nodes: Int
    let bytes: Int
  }

  let path: String
  let fileSize: UInt64
  let contentDigest: String
  let components: [Item]
  let notes: [String]

  init(_ report: ArtifactReport) {
    path = report.path
    fileSize = report.fileSize
    contentDigest = report.contentDigest
    notes = report.notes
    components = report.items.map {
      Item(
        component: $0.component, tensors: $0.tensorCount, nodes: $0.nodeCount,
        bytes: $0.byteCount)
    }
  }
}
