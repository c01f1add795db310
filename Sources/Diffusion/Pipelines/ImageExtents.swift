/// How large images shall be.
public enum ImageExtents: Hashable, Sendable {
  /// As the model was trained.
  case standard
  /// Height and width as the denoiser sees them.
  case denoised(height: Int, width: Int)
  /// Height and width of the images in pixels; nil for the standard one.
  case pixels(height: Int?, width: Int?)
}
