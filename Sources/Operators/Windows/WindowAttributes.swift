import ModelGraph
import Tensors

/// How a model states the padding of a sliding window.
enum AutoPad: String, CaseIterable, Sendable {
  /// `pads` says it.
  case notset = "NOTSET"
  /// As much as gives ceil(extent / stride) results, the odd element at the end.
  case sameUpper = "SAME_UPPER"
  /// As `sameUpper`, the odd element at the beginning.
  case sameLower = "SAME_LOWER"
  /// None.
  case valid = "VALID"
}

/// The attributes that Conv, the pools and their kin share: `kernel_shape`, `strides`, `dilations`,
/// `pads`, `auto_pad`, `ceil_mode`.
struct WindowAttributes: Sendable {
  let kernelShape: [Int]?
  let strides: [Int]?
  let dilations: [Int]?
  let pads: [Int]?
  let autoPad: AutoPad
  let roundsUp: Bool
  let isPool: Bool

  /// The greatest extent, stride, dilation or padding taken, so that their products fit an `Int`.
  static let limit = Int(Int32.max)

  /// Reads the attributes.
  ///
  /// - Throws: `OperatorError.attribute` for a value out of range.
  init(_ attributes: inout AttributeReader, isPool: Bool = false) throws {
    self.isPool = isPool
    kernelShape = try Self.list("kernel_shape", atLeast: 1, &attributes)
    strides = try Self.list("strides", atLeast: 1, &attributes)
    dilations = try Self.list("dilations", atLeast: 1, &attributes)
    pads = try Self.list("pads", atLeast: 0, &attributes)
    autoPad = try attributes.choice("auto_pad", default: .notset)
    roundsUp = isPool ? try attributes.flag("ceil_mode", default: false) : false
  }

  /// Explicit strides, dilations and pads without automatic padding.
  init(kernelShape: [Int]?, strides: [Int]?, dilations: [Int]?, pads: [Int]?) {
    self.kernelShape = kernelShape
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
    autoPad = .notset
    roundsUp = false
    isPool = false
  }

  static func list(
    _ name: String, atLeast least: Int, _ attributes: inout AttributeReader
  ) throws -> [Int]? {
    guard let values = try attributes.optionalInts(name) else { return nil }
    guard values.allSatisfy({ $0 >= least && $0 <= limit }) else {
      throw OperatorError.attribute(
        name, expected: "numbers from \(least) to \(limit)", found: "\(values)")
    }
    return values
  }

  /// The window along each axis of an input of `rank` spatial axes.
  ///
  /// - Throws: `OperatorError.attribute` for a list of another length.
  func axes(kernel: [Int], rank: Int) throws -> [WindowAxis] {
    for (name, list, count) in [
      ("kernel_shape", kernel, rank), ("strides", strides, rank), ("dilations", dilations, rank),
      ("pads", pads, 2 * rank),
    ] as [(String, [Int]?, Int)] {
      if let list, list.count != count, !(name == "pads" && autoPad != .notset) {
        throw OperatorError.attribute(
          name, expected: "\(count) numbers for \(rank) spatial axes", found: "\(list)")
      }
    }
    return (0..<rank).map { axis in
      WindowAxis(
        kernel: kernel[axis], stride: strides?[axis] ?? 1, dilation: dilations?[axis] ?? 1,
        padBegin: autoPad == .notset ? pads?[axis] ?? 0 : 0,
        padEnd: autoPad == .notset ? pads?[rank + axis] ?? 0 : 0, autoPad: autoPad,
        roundsUp: roundsUp, cropsEvenly: isPool)
    }
  }
}

/// A sliding window along one axis, before the input's extent is known.
struct WindowAxis: Sendable {
  let kernel: Int
  let stride: Int
  let dilation: Int
  let padBegin: Int
  let padEnd: Int
  let autoPad: AutoPad
  let roundsUp: Bool
  /// Whether automatic padding may be negative: that of pools, not of convolutions.
  let cropsEvenly: Bool

  /// The distance from the first tap to the last, plus one.
  var span: Int { (kernel - 1) * dilation + 1 }

  /// The number of results over `extent` elements; negative or zero where the window does not fit.
  func outputExtent(_ extent: Int) -> Int {
    switch autoPad {
    case .sameUpper, .sameLower: return (extent + stride - 1) / stride
    case .valid: return extent < span ? 0 : (extent - span) / stride + 1
    case .notset: break
    }
    let room = extent + padBegin + padEnd - span
    guard roundsUp else { return room < 0 ? 0 : room / stride + 1 }
    let count = room >= 0 ? (room + stride - 1) / stride + 1 : -(-room / stride) + 1
    // A window that would start in the padding at the end gives no result.
    return count > 0 && (count - 1) * stride >= extent + padBegin ? count - 1 : count
  }

  /// The padding before the first element of `extent` elements, and after the last.
  func padding(_ extent: Int) -> (begin: Int, end: Int) {
    guard autoPad == .sameUpper || autoPad == .sameLower else { return (padBegin, padEnd) }
    let needed = (outputExtent(extent) - 1) * stride + span - extent
    // A pool whose strides leave elements out leaves them out on both sides.
    let total = cropsEvenly ? needed : max(0, needed)
    let begin = autoPad == .sameUpper ? total / 2 : (total + 1) / 2
    return (begin, total - begin)
  }

  /// As `outputExtent`, of an extent that may not be known.
  func outputDimension(_ dimension: Dimension) -> Dimension {
    if let extent = dimension.fixedValue, extent <= WindowAttributes.limit {
      return .fixed(max(0, outputExtent(extent)))
    }
    let keepsExtent: Bool =
      switch autoPad {
      case .sameUpper, .sameLower: stride == 1
      case .valid: stride == 1 && span == 1
      case .notset: stride == 1 && padBegin + padEnd == span - 1
      }
    return keepsExtent ? dimension : .unknown
  }
}
