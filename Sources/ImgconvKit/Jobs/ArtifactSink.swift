import FileIO
import ImgcFormat
import ModelGraph
import Tensors

/// Where an artifact goes; checked before anything of the inputs is read.
struct ArtifactSink {
  private let file: OutputFile

  /// Opens the output.
  ///
  /// - Throws: `FileIOError.exists`, `.outputIsInput`, or what the folder gives.
  init(path: String, policy: OutputPolicy, inputs: [String]) throws {
    // A folder's files are protected once they are known.
    let files = inputs.filter { !ModelFolder.isFolder($0) }
    let opened = try files.map { try InputFile(path: $0) }
    file = try OutputFile(path: path, policy: policy, inputs: opened)
  }

  /// Checks that the output is none of the files at `paths`, which the sources turned out to need.
  func protect(_ paths: [String]) throws {
    try file.requireOther(than: paths.map { try InputFile(path: $0) })
  }

  /// Writes `model` and publishes the file.
  ///
  /// - Parameters:
  ///   - teacher: a file to whose tensors the model's are stored as differences.
  ///   - sources: the files whose digests are to be taken while the weights are read.
  ///   - history: gives the steps to record, once those digests are known.
  func write(
    _ model: Model, notes: [String], deltaFrom teacher: ImgcFile? = nil,
    sources: SourceDigests? = nil,
    history: (() throws -> [ProvenanceStep])? = nil,
    progress: @escaping (String, Double) -> Void
  ) throws -> ArtifactReport {
    let label = "writing \(file.path.lastComponent)"
    let summary = try ImgcWriter.write(
      model, to: file, deltaFrom: teacher, sources: sources, history: history
    ) { progress(label, $0) }
    for component in model.components { try component.weights.checkUnchanged() }
    try file.publish()
    return ArtifactReport(
      path: file.path, fileSize: file.byteCount, contentDigest: summary.contentDigest,
      items: model.components.map(ArtifactReport.Item.init), notes: notes)
  }
}

extension ArtifactReport.Item {
  /// The account of one component.
  init(_ component: Component) {
    self.init(
      component: component.label, tensorCount: component.weights.tensors.count,
      nodeCount: component.graphs.reduce(0) { $0 + $1.nodes.count },
      byteCount: component.weights.tensors.reduce(0) { $0 + $1.byteCount })
  }
}
