import FileIO
import Tensors

/// Which of Stable Diffusion's families a checkpoint in the original layout belongs to.
enum OriginalFamily {
  /// 1.x: CLIP ViT-L as transformers has it.
  case v1
  /// 2.x: open_clip's ViT-H without its last layer.
  case v2
  /// XL: CLIP ViT-L and open_clip's ViT-bigG.
  case xl
  /// XL's refiner: open_clip's ViT-bigG alone.
  case refiner

  /// The family that the names of `tensors` tell.
  init(_ tensors: [TensorInfo]) {
    func has(_ prefix: String) -> Bool { tensors.contains { $0.name.hasPrefix(prefix) } }
    if has("conditioner.embedders.1.") {
      self = .xl
    } else if has("conditioner.embedders.0.") {
      self = .refiner
    } else {
      self = has("cond_stage_model.model.") ? .v2 : .v1
    }
  }

  /// The family as people call it.
  var label: String {
    switch self {
    case .v1: "Stable Diffusion 1"
    case .v2: "Stable Diffusion 2"
    case .xl: "Stable Diffusion XL"
    case .refiner: "Stable Diffusion XL's refiner"
    }
  }

  /// Height and width of latents in training.
  var sampleSize: Int {
    switch self {
    case .v1: 64
    case .v2: 96
    case .xl, .refiner: 128
    }
  }

  /// What latents are multiplied by.
  var latentScale: Double { isXL ? 0.13025 : 0.18215 }

  /// Whether it is one of XL's.
  var isXL: Bool { self == .xl || self == .refiner }

  /// How many numbers XL is told of sizes, each embedded by itself; nil for other families.
  var sizeNumbers: Int? {
    switch self {
    case .v1, .v2: nil
    case .xl: 6
    case .refiner: 5
    }
  }
}
