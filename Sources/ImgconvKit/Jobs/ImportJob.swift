import Diffusion
import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import ONNXFormat
import Tensors

/// `imgconv import`: one or several sources into one native artifact.
public struct ImportJob: Sendable {
  /// One source and what its components are called.
  public struct Source: Sendable {
    /// A .safetensors, a shard index, an .onnx, an .imgc, or a diffusers folder.
    public var path: String
    /// The role its components play; nil to leave it open.
    public var role: Role?
    /// The name of its component; nil for the source's own, or `model`.
    public var component: String?

    /// Describes a source.
    public init(path: String, role: Role? = nil, component: String? = nil) {
      self.path = path
      self.role = role
      self.component = component
    }
  }

  /// The sources, in order.
  public var sources: [Source]
  /// Where the artifact goes.
  public var output: String
  /// How `output` is put into place.
  public var outputPolicy: OutputPolicy
  /// What the ONNX reader may do with external data.
  public var onnxOptions: ONNXOptions
  /// How folders are read.
  public var folderOptions: FolderOptions
  /// Folders of tokenizers to carry along, as `tokenizer`, `tokenizer_2`, `tokenizer_3`, for sources
  /// that have none.
  public var tokenizers: [String] = []
  /// Low-rank updates to fold into the weights, in order.
  public var loras: [LoRASource] = []
  /// A native file to whose tensors those of the same names are stored as differences.
  public var deltaFrom: String?

  /// A scheduler's configuration to carry in place of the sources' own; nil for theirs.
  public var scheduler: String?
  /// Whether the few-step sampler's noise correction is recorded, and as what; nil to record nothing.
  public var correctsNoise: Bool?

  /// Describes an import.
  public init(
    sources: [Source], output: String, outputPolicy: OutputPolicy = OutputPolicy(),
    onnxOptions: ONNXOptions = ONNXOptions(), folderOptions: FolderOptions = FolderOptions()
  ) {
    self.folderOptions = folderOptions
    self.sources = sources
    self.output = output
    self.outputPolicy = outputPolicy
    self.onnxOptions = onnxOptions
  }
}

/// What a command wrote.
public struct ArtifactReport: Sendable {
  /// One component.
  public struct Item: Sendable {
    /// The component's label.
    public var component: String
    /// How many tensors it has.
    public var tensorCount: Int
    /// How many nodes its graphs have.
    public var nodeCount: Int
    /// The bytes of its tensors, uncompressed.
    public var byteCount: Int
  }

  /// The path written.
  public var path: String
  /// The size of the file.
  public var fileSize: UInt64
  /// The content digest, in lower-case hexadecimal.
  public var contentDigest: String
  /// The components in order.
  public var items: [Item]
  /// What was normalised or dropped.
  public var notes: [String]
}

extension ImportJob {
  /// Imports.
  ///
  /// - Throws: the formats' errors, `JobError.duplicateComponent`, `FileIOError`.
  public func run(progress: @escaping (String, Double) -> Void) throws -> ArtifactReport {
    let sink = try ArtifactSink(
      path: output, policy: outputPolicy, inputs: sources.map(\.path))
    var model = Model(components: [])
    var step = ProvenanceStep(action: "import", tool: Provenance.tool)
    step.timestamp = Provenance.timestamp
    var origin: [String: String] = [:]
    var opened: [LoadedModel] = []
    for source in sources {
      let loaded = try load(source)
      try sink.protect(loaded.sourcePaths)
      for component in loaded.model.components {
        if let first = origin.updateValue(source.path, forKey: component.label) {
          throw JobError.duplicateComponent(
            name: component.label, first: first, second: source.path)
        }
      }
      model.components += loaded.model.components
      try model.add(loaded.model.files, role: source.role, source: source.path)
      step.notes += loaded.model.provenance.flatMap(\.notes)
      model.provenance += loaded.model.provenance.filter { $0.action != "read" }
      opened.append(loaded)
    }
    try attachTokenizers(to: &model)
    try fold(into: &model, &step, sink)
    try recordSampling(in: &model, &step, sink)
    let teacher = try deltaFrom.map { try ImgcFile(path: $0) }
    try sink.protect([deltaFrom].compactMap { $0 })
    return try write(model, step, opened, teacher, to: sink, progress: progress)
  }

  /// Writes `model`; the inputs' digests are taken from the bytes as they pass.
  private func write(
    _ model: Model, _ step: ProvenanceStep, _ opened: [LoadedModel], _ teacher: ImgcFile?,
    to sink: ArtifactSink, progress: @escaping (String, Double) -> Void
  ) throws -> ArtifactReport {
    let digests = try SourceDigests(
      paths: opened.filter { $0.format != .imgc }.flatMap(\.sourcePaths))
    let history = {
      var step = step
      step.inputs =
        try opened.flatMap { try Provenance.inputs(of: $0, sources: digests) } + step.inputs
      return model.provenance + [step]
    }
    return try sink.write(
      model, notes: step.notes, deltaFrom: teacher, sources: digests, history: history,
      progress: progress)
  }

  /// Carries the tokenizers' files along; other files of their folders are left.
  private func attachTokenizers(to model: inout Model) throws {
    for (number, path) in tokenizers.enumerated() {
      let folder = ModelFolder(path: path)
      let name = number == 0 ? "tokenizer" : "tokenizer_\(number + 1)"
      let files = try folder.fileNames().filter { file in
        [".json", ".txt", ".model"].contains { file.hasSuffix($0) }
      }
      guard !files.isEmpty else {
        throw JobError.folder(path: path, expected: "a tokenizer's files", found: "none")
      }
      try model.add(
        files.map { AttachedFile(path: "\(name)/\($0)", content: try folder.content(of: $0)) },
        role: nil, source: path)
    }
  }

  /// Folds the LoRA files in and notes their digests and strengths.
  private func fold(
    into model: inout Model, _ step: inout ProvenanceStep, _ sink: ArtifactSink
  ) throws {
    guard !loras.isEmpty else { return }
    try sink.protect(loras.map(\.path))
    try model.fold(loras)
    for (number, lora) in loras.enumerated() {
      let file = try InputFile(path: lora.path)
      step.inputs.append(
        ProvenanceStep.Input(
          name: lora.path.lastComponent, sha256: try FileDigest.sha256(file),
          byteCount: file.size))
      step.options["lora.\(number)"] = "\(lora.path.lastComponent):\(lora.scale)"
    }
  }

  /// Attaches the scheduler's configuration that was asked for, and writes the record into those of
  /// the model.
  private func recordSampling(
    in model: inout Model, _ step: inout ProvenanceStep, _ sink: ArtifactSink
  ) throws {
    if let scheduler {
      try sink.protect([scheduler])
      var file = try AttachedFile(reading: scheduler)
      step.inputs.append(
        ProvenanceStep.Input(
          name: scheduler.lastComponent, sha256: try FileDigest.sha256(InputFile(path: scheduler)),
          byteCount: UInt64(file.content.count)))
      file.path = SamplingRecord.configurationPath
      model.files.removeAll { $0.path == file.path }
      model.files.append(file)
    }
    guard let correctsNoise else { return }
    try model.record(SamplingRecord(method: .fewStep, correctsNoise: correctsNoise))
    step.options["noise-correction"] = correctsNoise ? "on" : "off"
  }

  private func load(_ source: Source) throws -> LoadedModel {
    let loader = ModelLoader(onnxOptions: onnxOptions, folderOptions: folderOptions)
    var loaded = try loader.load(path: source.path)
    for index in loaded.model.components.indices {
      if let role = source.role { loaded.model.components[index].role = role }
    }
    if let name = source.component {
      guard loaded.model.components.count == 1 else {
        throw JobError.option(
          name: "--component", expected: "a source of one component",
          found: "\(loaded.model.components.count) in \(source.path)")
      }
      loaded.model.components[0].name = name
    }
    return loaded
  }
}

extension Model {
  /// Takes over the files of another source. One that is there already with the same content is
  /// kept once; one with other content goes into a folder named by its role.
  fileprivate mutating func add(
    _ files: [AttachedFile], role: Role?, source: String
  ) throws {
    for file in files {
      guard let present = self.file(at: file.path) else {
        self.files.append(file)
        continue
      }
      guard present != file.content else { continue }
      let path = role.map { "\($0.rawValue)/\(file.path)" } ?? file.path
      guard self.file(at: path) == nil else {
        throw JobError.duplicateFile(name: file.path, source: source)
      }
      self.files.append(AttachedFile(path: path, content: file.content))
    }
  }
}
