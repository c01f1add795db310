import Foundation
import Tensors

/// How an image becomes tokens: square patches, each with its place (Dosovitskiy et al. 2021;
/// diffusers `PatchEmbed`).
struct PatchEmbedding {
  /// Channels of the image.
  var channels: Int
  /// The side of a patch.
  var patch: Int
  /// The extent of a token.
  var size: Int
  /// How places are told.
  var positions: Positions

  /// Where the sines and cosines of places come from.
  enum Positions {
    /// Computed: places count `base` patches across an image of the size trained with, whatever
    /// the image, and are divided by `scale`.
    case computed(base: Int, scale: Double)
    /// The middle of a stored square of `side` patches (Stable Diffusion 3).
    case stored(side: Int)
  }
}

/// An image's tokens and how many patches it has along height and width.
struct PatchedImage {
  /// `[N, patches, size]`.
  var tokens: String
  /// A vector of two: patches along height and width.
  var extents: String
}

extension NetworkBuilder {
  /// The tokens of `image` `[N, channels, H, W]` with their places added.
  func patches(
    _ image: String, _ name: String, _ embedding: PatchEmbedding
  ) throws(ArchitectureError) -> PatchedImage {
    try scope(name) { () throws(ArchitectureError) in
      let planes = try conv2d(
        image, "proj", embedding.channels, embedding.size, kernel: embedding.patch,
        stride: embedding.patch, pads: [0, 0, 0, 0])
      let extents = shape(planes, 2..<4)
      let places: String
      switch embedding.positions {
      case .computed(let base, let scale):
        checkpoint.allow(path("pos_embed"))
        places = try sinusoidalPlaces(extents, embedding.size, base: base, scale: scale)
      case .stored(let side):
        let stored = try parameter("pos_embed", [1, side * side, embedding.size])
        places = croppedPlaces(stored, extents, embedding.size, side: side)
      }
      let tokens = tokens(fromPlanes: planes, channels: embedding.size)
      return PatchedImage(tokens: add("Add", [tokens, places]), extents: extents)
    }
  }

  /// Tokens `[N, patches, patch² · channels]` as the image `[N, channels, H, W]`.
  func image(
    fromPatches x: String, extents: String, patch: Int, channels: Int
  ) -> String {
    let parts = integers([patch, patch, channels].map(Int64.init))
    let apart = add("Reshape", [x, concat([integers([0]), extents, parts], axis: 0)])
    let ordered = transpose(apart, [0, 5, 1, 3, 2, 4])
    let side = add("Mul", [extents, integers([Int64(patch)])])
    return add(
      "Reshape", [ordered, concat([integers([0]), integers([Int64(channels)]), side], axis: 0)])
  }

  /// The middle `extents` of a stored square: `[1, patches, size]`.
  private func croppedPlaces(
    _ stored: String, _ extents: String, _ size: Int, side: Int
  ) -> String {
    let square = reshape(stored, [side, side, size])
    let start = add(
      "Div", [add("Sub", [integers([Int64(side)]), extents]), integers([2])])
    let cut = add("Slice", [square, start, add("Add", [start, extents]), integers([0, 1])])
    return reshape(cut, [1, -1, size])
  }
}

extension NetworkBuilder {
  /// Sines and cosines of column, then of row: `[1, patches, size]`.
  ///
  /// A place p of n is p / (n / base) / scale, in fp32 as PyTorch rounds; phases p · 10000^(-4 i /
  /// size), i = 0 … size / 4 - 1, sines and cosines are computed in fp64 (a cosine as the sine of π
  /// / 2 more, since runtimes have no cosine of fp64).
  private func sinusoidalPlaces(
    _ extents: String, _ size: Int, base: Int, scale: Double
  ) throws(ArchitectureError) -> String {
    guard size % 4 == 0 else {
      throw .value(
        file: checkpoint.file, key: path("pos_embed"), expected: "tokens of a multiple of 4",
        found: "\(size)")
    }
    let counts = add("Split", [extents], outputCount: 2, ["axis": .int(0), "num_outputs": .int(2)])
    let grid = concat([extents, integers([Int64(size / 2)])], axis: 0)
    let columns = axisPlaces(counts[1], size, base: base, scale: scale)
    let rows = axisPlaces(counts[0], size, base: base, scale: scale)
    let joined = concat(
      [
        add("Expand", [unsqueeze(columns, [0]), grid]),
        add("Expand", [unsqueeze(rows, [1]), grid]),
      ], axis: -1)
    return reshape(joined, [1, -1, size])
  }

  /// Sines, then cosines, of the places along one axis of `count` (a vector of one): `[count, size
  /// / 2]`.
  private func axisPlaces(_ count: String, _ size: Int, base: Int, scale: Double) -> String {
    let scalar = reshape(count, [])
    let steps = add("Range", [integer(0), scalar, integer(1)])
    let spread = add("Div", [cast(scalar, to: .float64), doubles([Double(base)], .scalar)])
    var places = add("Div", [cast(steps, to: .float32), cast(spread, to: .float32)])
    if scale != 1 { places = add("Div", [places, real(Float(scale))]) }
    let quarter = size / 4
    let rates = (0..<quarter).map { 1 / pow(10000, Double($0) / (Double(size / 2) / 2)) }
    let phases = add(
      "Mul", [unsqueeze(cast(places, to: .float64), [1]), doubles(rates, [1, quarter])])
    return sinesAndCosines(phases, axis: 1)
  }

  /// sin and cos of fp64 phases, one after the other along `axis`, in fp32.
  func sinesAndCosines(_ phases: String, axis: Int) -> String {
    let quarterTurn = doubles([Double.pi / 2], .scalar)
    return concat(
      [
        cast(add("Sin", [phases]), to: .float32),
        cast(add("Sin", [add("Add", [phases, quarterTurn])]), to: .float32),
      ], axis: axis)
  }
}
