import Architectures
import FileIO
import ModelGraph
import Tensors

/// A single-file checkpoint in the original Stable Diffusion layout, read as the pipeline that it
/// holds: `model.diffusion_model.…`, `first_stage_model.…`, and `cond_stage_model.…` or XL's
/// `conditioner.embedders.…`.
struct OriginalCheckpoint {
  private let weights: any TensorSource
  private let path: String
  private let family: OriginalFamily

  private static let denoiserPrefix = "model.diffusion_model."
  private static let autoencoderPrefix = "first_stage_model."
  private static let textPrefixes: [(prefix: String, name: String, isProjected: Bool)] = [
    ("cond_stage_model.transformer.", "text_encoder", false),
    ("cond_stage_model.model.", "text_encoder", false),
    ("conditioner.embedders.0.transformer.", "text_encoder", false),
    ("conditioner.embedders.0.model.", "text_encoder_2", true),
    ("conditioner.embedders.1.model.", "text_encoder_2", true),
  ]

  /// The checkpoint in `weights`; nil where the names are not of this layout.
  init?(_ weights: any TensorSource, path: String) {
    let names = weights.tensors.map(\.name)
    let marks = [
      Self.denoiserPrefix + "input_blocks.0.0.weight",
      Self.autoencoderPrefix + "decoder.conv_in.weight",
    ]
    guard names.contains(where: { marks.contains($0) }) else { return nil }
    self.weights = weights
    self.path = path
    family = OriginalFamily(weights.tensors)
  }
}

extension OriginalCheckpoint {
  /// The model: components under diffusers' names, with configurations and a schedule that follow
  /// from the tensors.
  ///
  /// - Throws: `JobError.layout`, `ArchitectureError` naming tensors that do not fit.
  func model() throws -> Model {
    var used: Set<Int> = []
    var networks: [OriginalNetwork] = []
    var textSize = 0
    for text in Self.textPrefixes {
      guard let tensors = tensors(text.prefix, &used),
        let encoder = OriginalTextEncoder(tensors, name: text.name)
      else { continue }
      networks.append(try encoder.network(isProjected: text.isProjected))
      if text.isProjected { textSize = encoder.projectedSize ?? 0 }
    }
    if let tensors = tensors(Self.denoiserPrefix, &used) {
      networks.append(try OriginalUNet(tensors, family).network(textSize: textSize))
    }
    if let tensors = tensors(Self.autoencoderPrefix, &used) {
      networks.append(try OriginalAutoencoder(tensors).network(family))
    }
    let notes = try notes(leftOver: weights.tensors.indices.filter { !used.contains($0) })
    return Model(
      components: try networks.map(component),
      files: [
        AttachedFile(
          path: "scheduler/scheduler_config.json", content: JSONWriter.bytes(schedule)),
        AttachedFile(
          path: PipelineIndex.fileName, content: JSONWriter.bytes(index)),
      ],
      provenance: [ProvenanceStep(action: "read", tool: "safetensors", notes: notes)])
  }

  private func tensors(_ prefix: String, _ used: inout Set<Int>) -> OriginalTensors? {
    guard let tensors = OriginalTensors(weights.tensors, prefix: prefix) else { return nil }
    used.formUnion(tensors.names.map(\.index))
    return tensors
  }

  private func component(_ network: OriginalNetwork) throws -> Component {
    let configuration = JSONWriter.bytes(network.configuration)
    let tensors = try MappedTensors(weights, network.views)
    let graphs = try ArchitectureRegistry.standard.graphs(
      configuration: configuration, file: "\(path): \(network.name)", weights: tensors,
      weightsFile: path)
    return Component(
      name: network.name, graphs: graphs, weights: tensors, config: configuration)
  }
}

extension OriginalCheckpoint {
  /// What training leaves in such files: averages, schedules, losses, an encoder's own scale.
  private static let trainingPrefixes = [
    "model_ema.", "betas", "alphas_cumprod", "sqrt_", "log_one_minus_alphas_cumprod",
    "posterior_", "lvlb_weights", "logvar", "scale_factor", "denoiser.sigmas", "loss.",
    "embedding_manager.", "v_pred", "ztsnr", "cond_stage_model.logit_scale",
  ]

  /// Notes on the layout and on tensors that no component takes.
  ///
  /// - Throws: `JobError.layout` for tensors that training does not leave.
  private func notes(leftOver: [Int]) throws -> [String] {
    let names = leftOver.map { weights.tensors[$0].name }
    let strangers = names.filter { name in
      !Self.trainingPrefixes.contains { name.hasPrefix($0) }
    }
    guard strangers.isEmpty else {
      throw JobError.layout(
        name: strangers.prefix(20).map { $0.escapedForDisplay(limit: 200) }
          .joined(separator: ", "),
        expected: "networks of the original Stable Diffusion layout",
        found: "\(strangers.count) tensors that belong to none")
    }
    let left =
      names.isEmpty ? [] : ["\(names.count) tensors of training left out, as \(names[0])"]
    return [
      "original layout of \(family.label); \(prediction) taken for its prediction, "
        + "the configurations follow from the tensors"
    ] + left
  }

  private func has(_ name: String) -> Bool { weights.tensors.contains { $0.name == name } }

  /// What the denoiser predicts: the file seldom tells.
  private var prediction: String {
    family == .v2 || has("v_pred") ? "v_prediction" : "epsilon"
  }

  private var schedule: JSONValue {
    var members = [
      JSONMember("_class_name", .string(family.isXL ? "EulerDiscreteScheduler" : "DDIMScheduler")),
      JSONMember("beta_start", .real(0.00085)), JSONMember("beta_end", .real(0.012)),
      JSONMember("beta_schedule", "scaled_linear"), JSONMember("steps_offset", 1),
      JSONMember("timestep_spacing", "leading"),
      JSONMember("prediction_type", .string(prediction)),
      JSONMember("rescale_betas_zero_snr", .bool(has("ztsnr"))),
    ]
    if !family.isXL {
      members += [JSONMember("clip_sample", false), JSONMember("set_alpha_to_one", false)]
    }
    return .object(members)
  }

  /// A `model_index.json` as diffusers would write it.
  private var index: JSONValue {
    let name = family.isXL ? "StableDiffusionXLPipeline" : "StableDiffusionPipeline"
    var members = [JSONMember("_class_name", .string(name))]
    if family.isXL {
      members.append(JSONMember("force_zeros_for_empty_prompt", .bool(family == .xl)))
      members.append(JSONMember("requires_aesthetics_score", .bool(family == .refiner)))
    }
    return .object(members)
  }
}
