import Diffusion
import Distillation
import FileIO
import ModelGraph
import Operators
import SafetensorsFormat
import Tensors

/// The networks, the schedule and the conditions of a distillation, read from their files.
struct DistillationSource {
  /// The digest of the teacher's first file.
  let teacherDigest: String
  /// One image's shape `[C, H, W]`.
  let imageShape: Shape
  private let loaded: LoadedModel
  private let initial: LoadedModel?
  private let teacherIndex: Int
  private let studentIndex: Int
  private let schedulerFile: AttachedFile
  private let configuration: SchedulerConfiguration
  private let conditions: Conditions
  private let data: (images: Tensor, rows: [Int])?

  /// Reads what `job` names.
  ///
  /// - Throws: the formats' errors, `JobError`, `DiffusionError`, `DistillationError`.
  init(_ job: DistillJob) throws {
    loaded = try ModelLoader().load(path: job.teacher)
    teacherIndex = try Self.denoiser(in: loaded, named: job.component, preferred: .teacher)
    initial = try job.initialModel.map { try ModelLoader().load(path: $0) }
    studentIndex =
      try initial.map { try Self.denoiser(in: $0, named: nil, preferred: .student) }
      ?? teacherIndex
    teacherDigest = try Provenance.inputs(of: loaded).first?.sha256 ?? ""
    schedulerFile = try Self.schedulerFile(job, loaded)
    configuration = try SchedulerConfiguration(schedulerFile.content, file: schedulerFile.path)
    let component = loaded.model.components[teacherIndex]
    imageShape = try Self.imageShape(component, size: job.imageSize, path: job.teacher)
    let given = try Self.conditions(job, component)
    conditions = given
    data = try job.data.map { [imageShape] in try Self.data($0, imageShape, given.count) }
  }

  /// How many conditions there are.
  var conditionCount: Int { conditions.count }

  /// The training, as a process of `group` takes part in it.
  func distiller(
    _ settings: DistillationSettings, _ group: any ProcessGroup
  ) throws -> Distiller {
    guard let schedule = configuration.schedule else {
      throw DiffusionError.setting(
        name: "scheduler", expected: "a noise schedule", found: "flow matching")
    }
    let teacher = loaded.model.components[teacherIndex]
    let student = (initial ?? loaded).model.components[studentIndex]
    let batch = try Shape(checking: [settings.batch] + imageShape.dimensions)
    let rows = try conditions.tables.mapValues { table in
      try Tensor(
        zeros: table.dtype, Shape(checking: [settings.batch] + table.shape.dimensions.dropFirst()))
    }
    return try Distiller(
      settings: settings,
      student: Student(
        student.graphs[0], weights: student.weights, image: batch, conditions: rows,
        quantizes: settings.quantizes, segments: settings.segments),
      teacher: Teacher(
        teacher.graphs[0], weights: teacher.weights, schedule: schedule,
        prediction: configuration.prediction, guidanceScale: settings.guidanceScale),
      conditions: conditions, image: imageShape, data: data,
      discriminator: settings.adversarialWeight > 0
        ? Discriminator(
          teacher.graphs[0], weights: teacher.weights, schedule: schedule, image: batch,
          conditions: rows, settings: settings) : nil, group: group)
  }

  /// The model to be written: the student in the teacher's place, with its history.
  func student(_ distiller: Distiller, _ settings: DistillationSettings) throws -> Model {
    var model = loaded.model
    var component = (initial ?? loaded).model.components[studentIndex]
    var trained: [(String, Tensor)] = []
    for (name, tensor) in zip(distiller.student.names, distiller.result) {
      let weight = component.graphs[0].initializers.first { $0.name == name }
      trained.append(
        (weight?.weightName ?? name, try tensor.converted(to: weight?.dtype ?? .float32)))
    }
    component.weights = OverlaidTensors(component.weights, TensorSet(trained))
    component.role = .student
    component.name = loaded.model.components[teacherIndex].name
    model.components[teacherIndex] = component
    if !model.files.contains(where: { $0.path.hasSuffix("scheduler_config.json") }) {
      model.files.append(
        AttachedFile(
          path: SamplingRecord.configurationPath, content: schedulerFile.content))
    }
    try model.record(SamplingRecord(method: .fewStep, correctsNoise: true))
    model.provenance.removeAll { $0.action == "read" }
    model.provenance.append(
      ProvenanceStep(
        action: "distill", tool: Provenance.tool,
        options: ["settings": settings.yaml],
        inputs: try Provenance.inputs(of: loaded)
          + (initial.map { try Provenance.inputs(of: $0) } ?? []),
        timestamp: Provenance.timestamp))
    return model
  }
}

extension DistillationSource {
  /// The component that predicts noise.
  private static func denoiser(
    in loaded: LoadedModel, named name: String?, preferred role: Role
  ) throws -> Int {
    let all = loaded.model.components
    let fitting = all.indices.filter { index in
      let inputs = all[index].graphs.first?.requiredInputs.map(\.name) ?? []
      let isDenoiser = inputs.contains { $0.hasPrefix("timestep") || $0 == "t" }
      return isDenoiser && (name == nil || all[index].name == name || all[index].label == name)
    }
    if fitting.count > 1, let own = fitting.first(where: { all[$0].role == role }) { return own }
    guard let only = fitting.first else {
      if let name {
        throw JobError.noComponent(path: loaded.path, name: name, found: all.map(\.label))
      }
      throw JobError.noGraph(path: loaded.path, command: "distill")
    }
    guard fitting.count == 1 else {
      throw JobError.ambiguousGraph(path: loaded.path, found: fitting.map { all[$0].label })
    }
    return only
  }

  private static func schedulerFile(
    _ job: DistillJob, _ loaded: LoadedModel
  ) throws -> AttachedFile {
    if let path = job.scheduler { return try AttachedFile(reading: path) }
    guard
      let found = loaded.model.files.first(where: { $0.path.hasSuffix("scheduler_config.json") })
    else {
      throw JobError.option(
        name: "--scheduler", expected: "a scheduler_config.json, since the teacher has none",
        found: "")
    }
    return found
  }

  private static func imageShape(
    _ component: Component, size: Int?, path: String
  ) throws -> Shape {
    let names = ["sample", "hidden_states", "x", "latents"]
    let input = component.graphs[0].requiredInputs.first { names.contains($0.name) }
    let declared = input?.type.dimensions?.dropFirst().map(\.fixedValue) ?? []
    let config = component.config.flatMap { bytes in
      let parser = JSONParser()
      return try? parser.parse(bytes)
    }
    func number(_ key: String) -> Int? { config?[key]?.int }
    let side = size ?? number("sample_size")
    let extents = declared.enumerated().map { axis, extent in
      extent ?? (axis == 0 ? number("in_channels") : side)
    }
    let known = extents.compactMap { $0 }
    guard known.count == extents.count, !known.isEmpty else {
      throw JobError.option(
        name: "--size", expected: "the side of an image, since \(path) does not tell it", found: "")
    }
    return try Shape(checking: known)
  }

  private static func conditions(
    _ job: DistillJob, _ component: Component
  ) throws -> Conditions {
    if let path = job.conditions {
      let file = try SafetensorsFile(path: path)
      var tables: [String: Tensor] = [:]
      var free: [String: Tensor] = [:]
      let prefix = "unconditional."
      for (index, info) in file.tensors.enumerated() {
        if info.name.hasPrefix(prefix) {
          free[String(info.name.dropFirst(prefix.count))] = try file.tensor(index)
        } else {
          tables[info.name] = try file.tensor(index)
        }
      }
      return try Conditions(tables: tables, unconditional: free)
    }
    guard let rows = Self.classRows(component.graphs[0]) else { return Conditions() }
    return try Conditions(classes: rows - 1)
  }

  /// How many rows the table has that `class_labels` picks from: the classes, and one for none.
  private static func classRows(_ graph: Graph) -> Int? {
    guard graph.requiredInputs.contains(where: { $0.name == "class_labels" }) else { return nil }
    let picking = graph.nodes.first { $0.opType == "Gather" && $0.inputs[1] == "class_labels" }
    guard let table = picking?.inputs[0] else { return nil }
    return graph.initializers.first { $0.name == table }?.shape.dimensions.first
  }

  private static func data(
    _ path: String, _ image: Shape, _ conditionCount: Int
  ) throws -> (images: Tensor, rows: [Int]) {
    let file = try SafetensorsFile(path: path)
    guard let index = file.index(of: "images") else {
      throw JobError.inputFile(path: path, reason: "expected a tensor images")
    }
    let images = try file.tensor(index).converted(to: .float32)
    guard images.shape.rank == image.rank + 1, images.shape[0] > 0,
      Array(images.shape.dimensions.dropFirst()) == image.dimensions
    else {
      throw JobError.inputFile(
        path: path, reason: "images: expected [K] + \(image), found \(images.shape)")
    }
    let rows = try file.index(of: "labels").map {
      try file.tensor($0).converted(to: .int64).array(of: Int64.self).map { Int($0) }
    }
    let labels = rows ?? [Int](repeating: 0, count: images.shape[0])
    guard labels.count == images.shape[0],
      labels.allSatisfy({ $0 >= 0 && $0 < max(1, conditionCount) })
    else {
      throw JobError.inputFile(
        path: path, reason: "labels: expected a row of the conditions for each image")
    }
    return (images, labels)
  }
}
