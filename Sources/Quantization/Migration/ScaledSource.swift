import Operators
import Tensors

/// Weights multiplied along axes as they are read.
struct ScaledSource: TensorSource {
  private let base: any TensorSource
  private let scalings: [Int: [(axis: Int, factors: [Float])]]

  /// `base` under `scaling`, whose tensors hold floating-point numbers.
  init(_ base: any TensorSource, _ scaling: AxisScaling) {
    self.base = base
    var scalings: [Int: [(axis: Int, factors: [Float])]] = [:]
    for (index, info) in base.tensors.enumerated() {
      guard let axes = scaling.factors[info.name] else { continue }
      scalings[index] = axes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
    self.scalings = scalings
  }

  var tensors: [TensorInfo] { base.tensors }

  func location(_ index: Int) -> TensorLocation? {
    scalings[index] == nil ? base.location(index) : nil
  }

  func digest(of index: Int) -> String? {
    scalings[index] == nil ? base.digest(of: index) : nil
  }

  func checkUnchanged() throws { try base.checkUnchanged() }

  func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard let scaling = scalings[index], !buffer.isEmpty else {
      return try base.read(index, at: offset, into: buffer)
    }
    // Whole elements around the bytes asked for.
    let info = base.tensors[index]
    let width = info.dtype.byteWidth
    let first = offset / width
    let end = (offset + buffer.count + width - 1) / width
    let part = try Tensor(uninitialized: info.dtype, [end - first])
    try base.read(
      index, at: first * width,
      into: UnsafeMutableRawBufferPointer(start: part.buffer.base, count: part.byteCount))
    let scaled = try scale(part, from: first, info.shape, scaling)
    scaled.withBytes { bytes in
      let start = offset - first * width
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + buffer.count]))
    }
  }

  /// `part`, the elements of a tensor of `shape` from number `first` on, multiplied.
  private func scale(
    _ part: Tensor, from first: Int, _ shape: Shape, _ scaling: [(axis: Int, factors: [Float])]
  ) throws -> Tensor {
    var values = try part.converted(to: .float32).array(of: Float.self)
    for (axis, factors) in scaling {
      let inner = shape.elementCount(of: (axis + 1)..<shape.rank)
      var index = 0
      while index < values.count {
        let (run, position) = (first + index).quotientAndRemainder(dividingBy: inner)
        let count = min(inner - position, values.count - index)
        let factor = factors[run % factors.count]
        for element in index..<index + count { values[element] *= factor }
        index += count
      }
    }
    return try Tensor(values).converted(to: part.dtype)
  }
}
