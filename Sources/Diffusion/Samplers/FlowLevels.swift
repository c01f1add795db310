/// Which noise levels a rectified flow of N steps is asked at, before they are shifted.
public enum FlowLevels: Sendable {
  /// From the first to the last of the training's: diffusers' Stable Diffusion 3 pipeline.
  case trained
  /// 1 … 1/N: its Flux pipeline.
  case even
}
