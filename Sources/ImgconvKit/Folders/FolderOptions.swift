/// How a diffusers folder is read.
public struct FolderOptions: Sendable {
  /// The variant of weights (`fp16` for `diffusion_pytorch_model.fp16.safetensors`); nil for the
  /// plain ones.
  public var variant: String?
  /// Components of a pipeline to leave out, by their names in `model_index.json`.
  public var skippedComponents: Set<String>

  /// The given options.
  public init(variant: String? = nil, skippedComponents: Set<String> = []) {
    self.variant = variant
    self.skippedComponents = skippedComponents
  }
}
