import Tensors

/// Where the elements of latents `[N, C, H, W]` stand once they are packed.
struct PatchLayout {
  private static let side = 2
  private let shape: Shape
  private let tokens: Shape

  /// The layout of latents of `shape`.
  ///
  /// - Throws: `DiffusionError.setting` where height or width is odd.
  init(_ shape: Shape) throws {
    guard shape.rank == 4, shape[2] % Self.side == 0, shape[3] % Self.side == 0 else {
      throw DiffusionError.setting(
        name: "latents", expected: "[N, C, H, W] with even height and width", found: "\(shape)")
    }
    self.shape = shape
    tokens = try Shape(checking: [
      shape[0], shape[2] / Self.side * (shape[3] / Self.side),
      shape[1] * Self.side * Self.side,
    ])
  }

  /// `latents` as tokens `[N, H/2 · W/2, 4 C]`.
  func packed(_ latents: Tensor) throws -> Tensor {
    let result = try Tensor(uninitialized: .float32, tokens)
    let target = result.mutablePointer(as: Float.self)
    latents.withElements(of: Float.self) { source in
      visit { latent, token in target[token] = source[latent] }
    }
    return result
  }

  /// Tokens as latents again.
  func unpacked(_ packed: Tensor) throws -> Tensor {
    let result = try Tensor(uninitialized: .float32, shape)
    let target = result.mutablePointer(as: Float.self)
    packed.withElements(of: Float.self) { source in
      visit { latent, token in target[latent] = source[token] }
    }
    return result
  }

  /// Calls `body` with the place of every element in latents and in tokens.
  private func visit(_ body: (_ latent: Int, _ token: Int) -> Void) {
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    let (columns, depth) = (width / Self.side, tokens[2])
    var latent = 0
    for image in 0..<shape[0] {
      for channel in 0..<channels {
        for y in 0..<height {
          for x in 0..<width {
            let token = image * tokens[1] + y / Self.side * columns + x / Self.side
            let place = (channel * Self.side + y % Self.side) * Self.side + x % Self.side
            body(latent, token * depth + place)
            latent += 1
          }
        }
      }
    }
  }
}
