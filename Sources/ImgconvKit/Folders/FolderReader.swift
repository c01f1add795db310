import Architectures
import FileIO
import ModelGraph
import Tensors

/// Reads folders as diffusers and transformers save them: a component (a configuration beside
/// weights) or a pipeline of such.
struct FolderReader {
  /// What to take and what to leave out.
  let options: FolderOptions
  private var model = Model(components: [])
  private var paths: [String] = []
  private var notes: [String] = []

  /// A reader with those options.
  init(options: FolderOptions) { self.options = options }
}

extension FolderReader {
  /// The model in the folder at `path`, with the files read.
  ///
  /// - Throws: `JobError`, `ArchitectureError`, `SafetensorsError`, `FileIOError`.
  static func read(_ path: String, options: FolderOptions) throws -> (model: Model, paths: [String])
  {
    var reader = FolderReader(options: options)
    let folder = ModelFolder(path: path)
    if folder.has(PipelineIndex.fileName) {
      try reader.readPipeline(folder)
    } else if folder.has(configName) {
      try reader.readComponent(folder, name: nil, className: nil)
      try reader.attachSchedulerBeside(folder)
    } else {
      throw JobError.folder(
        path: path, expected: "\(PipelineIndex.fileName) or \(configName)", found: "neither")
    }
    if !reader.notes.isEmpty {
      reader.model.provenance = [
        ProvenanceStep(action: "read", tool: "folder", notes: reader.notes)
      ]
    }
    return (reader.model, reader.paths)
  }

  private static let configName = "config.json"
  private static let schedulerName = "scheduler_config.json"

  private mutating func readPipeline(_ folder: ModelFolder) throws {
    let path = folder.path(of: PipelineIndex.fileName)
    let bytes = try folder.content(of: PipelineIndex.fileName)
    let index = try PipelineIndex(bytes, path: path)
    attach(PipelineIndex.fileName, bytes, from: path)
    try checkSkipped(index, path)
    for entry in index.entries {
      // Old pipelines of one network keep everything in the folder itself.
      let place = folder.folder(entry.name) ?? folder
      switch entry.kind {
      case _ where options.skippedComponents.contains(entry.name):
        notes.append("\(entry.name): left out as asked")
      case .scheduler: try attachFile(Self.schedulerName, of: entry, in: place)
      case .files: try attachFiles(of: entry, in: place, pipeline: folder)
      case .network where entry.className == Self.safetyChecker:
        notes.append("\(entry.name): \(entry.className) judges finished images; left out")
      case .network: try readComponent(place, name: entry.name, className: entry.className)
      }
    }
    guard !model.components.isEmpty else {
      throw JobError.folder(path: path, expected: "at least one network", found: "none")
    }
  }

  /// The network that judges images after sampling and takes no part in making them.
  private static let safetyChecker = "StableDiffusionSafetyChecker"

  private func checkSkipped(_ index: PipelineIndex, _ path: String) throws {
    let names = Set(index.entries.map(\.name))
    if let unknown = options.skippedComponents.subtracting(names).sorted().first {
      throw JobError.option(
        name: "--skip", expected: "one of \(names.sorted().joined(separator: ", "))",
        found: unknown)
    }
  }

  private mutating func readComponent(
    _ folder: ModelFolder, name: String?, className: String?
  ) throws {
    let path = folder.path(of: Self.configName)
    let bytes = try folder.content(of: Self.configName)
    let registry = ArchitectureRegistry.standard
    let found = try registry.className(of: bytes, file: path) ?? className ?? ""
    guard registry.classNames.contains(className ?? found) else {
      throw ArchitectureError.unknownClass(
        file: path, name: className ?? found, known: registry.classNames)
    }
    let weights = try WeightFiles(folder, variant: options.variant)
    let graphs = try registry.graphs(
      configuration: bytes, file: path, className: className, weights: weights.source,
      weightsFile: weights.paths[0])
    paths += [path] + weights.paths
    notes += weights.notes
    model.components.append(
      Component(
        name: name ?? Self.componentName(className ?? found), graphs: graphs,
        weights: weights.source, config: bytes, metadata: weights.metadata))
  }

  /// What a component of that class is called in pipelines.
  private static func componentName(_ className: String) -> String {
    if className.hasPrefix("UNet") { return "unet" }
    if className.hasPrefix("Autoencoder") { return "vae" }
    if className.hasPrefix("CLIPText") || className.hasPrefix("T5") { return "text_encoder" }
    return className.contains("Transformer") ? "transformer" : ModelLoader.defaultName
  }
}

extension FolderReader {
  private mutating func attach(_ name: String, _ content: [UInt8], from path: String) {
    model.files.append(AttachedFile(path: name, content: content))
    paths.append(path)
  }

  private mutating func attachFile(
    _ name: String, of entry: PipelineIndex.Entry, in folder: ModelFolder
  ) throws {
    guard folder.has(name) else {
      throw JobError.folder(
        path: folder.path, expected: "\(name) of the \(entry.className)", found: "no such file")
    }
    attach("\(entry.name)/\(name)", try folder.content(of: name), from: folder.path(of: name))
  }

  private mutating func attachFiles(
    of entry: PipelineIndex.Entry, in folder: ModelFolder, pipeline: ModelFolder
  ) throws {
    guard folder.path != pipeline.path else {
      throw JobError.folder(
        path: pipeline.path, expected: "a folder \(entry.name) of the \(entry.className)",
        found: "none")
    }
    for name in try folder.fileNames() {
      attach("\(entry.name)/\(name)", try folder.content(of: name), from: folder.path(of: name))
    }
  }

  /// A component's folder alone: the schedule's configuration in it, or in the folder `scheduler`
  /// beside it, belongs to it.
  private mutating func attachSchedulerBeside(_ folder: ModelFolder) throws {
    let parent = ModelFolder(path: folder.path(of: ".."))
    let places = [folder, parent.folder("scheduler")].compactMap { $0 }
    guard let place = places.first(where: { $0.has(Self.schedulerName) }) else { return }
    attach(
      "scheduler/\(Self.schedulerName)", try place.content(of: Self.schedulerName),
      from: place.path(of: Self.schedulerName))
    notes.append("schedule taken from \(place.path(of: Self.schedulerName))")
  }
}
