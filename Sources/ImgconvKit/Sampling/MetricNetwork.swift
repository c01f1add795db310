import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// A network that judges images: its graph takes images `[N, C, H, W]` of −1 … 1, clamped, and gives
/// features, logits or scores, one row an image.
struct MetricNetwork {
  /// The file's name, for reports.
  let name: String
  /// The output asked for; nil for `features`.
  let output: String?
  private let session: Session

  /// Reads `specification`, a path, or a path and the name of an output as
  /// `classifier.onnx:features`.
  ///
  /// - Throws: what reading the file throws; `JobError.noGraph`, `.option` for an output that the
  ///   graph does not have.
  init(_ specification: String) throws {
    let (path, output) = Self.parts(specification)
    let loaded = try ModelLoader().load(path: path)
    guard let component = loaded.model.components.first(where: { !$0.graphs.isEmpty }),
      let graph = component.graphs.first, graph.requiredInputs.count == 1
    else { throw JobError.noGraph(path: path, command: "--metric-model") }
    if let output, !graph.outputs.contains(where: { $0.name == output }) {
      throw JobError.option(
        name: "--metric-model",
        expected: "an output of \(path): " + graph.outputs.map(\.name).joined(separator: ", "),
        found: output)
    }
    session = try Session(graph: graph, weights: component.weights)
    name = path.lastComponent
    self.output = output
  }

  /// The specification with the file's name and its SHA-256, so that reports tell by what they
  /// were judged.
  static func identity(of specification: String) throws -> String {
    let (path, output) = parts(specification)
    let digest = try FileDigest.sha256(try InputFile(path: path))
    return path.lastComponent + (output.map { ":\($0)" } ?? "") + " sha256:\(digest)"
  }

  /// The path and the output; a colon that belongs to the path is part of it.
  private static func parts(_ specification: String) -> (path: String, output: String?) {
    guard (try? FileStatus(path: specification)) == nil,
      let colon = specification.lastIndex(of: ":")
    else { return (specification, nil) }
    return (
      String(specification[..<colon]), String(specification[specification.index(after: colon)...])
    )
  }
}

extension MetricNetwork {
  /// What the network says of `images`, by the names of its outputs, a row an image.
  ///
  /// - Throws: what running the graph throws.
  func look(at images: Tensor) throws -> [String: [[Float]]] {
    let values = try images.converted(to: .float32).array(of: Float.self)
    let clamped = values.map { $0.isNaN ? $0 : min(max($0, -1), 1) }
    let input = session.inputs[0]
    let outputs = try session.run([
      input.name: try Tensor(clamped, images.shape).converted(to: input.type.dtype ?? .float32)
    ])
    return try outputs.mapValues { try Self.rows($0, count: images.shape[0]) }
  }

  /// The rows of an output; none for one that does not have a row an image.
  private static func rows(_ tensor: Tensor, count: Int) throws -> [[Float]] {
    let values = try tensor.converted(to: .float32).array(of: Float.self)
    guard count > 0, !values.isEmpty, values.count % count == 0 else { return [] }
    let size = values.count / count
    return stride(from: 0, to: values.count, by: size).map { Array(values[$0..<($0 + size)]) }
  }
}

extension [Float] {
  /// The position of the largest element, of the first among equals; nil for none.
  var indexOfLargest: Int? { indices.max { self[$0] < self[$1] } }
}
