import FileIO
import ModelGraph
import Tensors

/// Reads a tensor of a component whole and checks what its values must be (R12).
struct TensorVerification {
  let file: String
  let component: Component

  /// Reads tensor number `index`; digests are checked on the way.
  func check(_ index: Int) throws {
    let info = component.weights.tensors[index]
    let buffer = try TensorBuffer(byteCount: info.byteCount)
    let bytes = UnsafeMutableRawBufferPointer(start: buffer.base, count: info.byteCount)
    try component.weights.read(index, at: 0, into: bytes)
    if isScale(info.name) { try checkScale(UnsafeRawBufferPointer(bytes), info) }
    if let entry = component.quantization[info.name], entry.isSymmetric {
      try checkSymmetric(UnsafeRawBufferPointer(bytes), info)
    }
    if info.dtype == .bool, let wrong = bytes.firstIndex(where: { $0 > 1 }) {
      throw ImgcError.value(
        file: file, tensor: info.name, index: wrong, expected: "0 or 1", found: "\(bytes[wrong])")
    }
    withExtendedLifetime(buffer) {}
  }

  private func isScale(_ name: String) -> Bool {
    component.quantization.values.contains { $0.scale == name }
  }

  private func checkScale(_ bytes: UnsafeRawBufferPointer, _ info: TensorInfo) throws {
    guard info.dtype == .float32 else { return }
    for index in 0..<info.shape.elementCount {
      let scale = bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
      guard scale.isFinite, scale > 0 else {
        throw ImgcError.value(
          file: file, tensor: info.name, index: index, expected: "a finite scale above 0",
          found: "\(scale)")
      }
    }
  }

  private func checkSymmetric(_ bytes: UnsafeRawBufferPointer, _ info: TensorInfo) throws {
    switch info.dtype {
    case .int8:
      if let index = bytes.firstIndex(of: 0x80) {
        throw ImgcError.value(
          file: file, tensor: info.name, index: index, expected: "-127 to 127", found: "-128")
      }
    case .int4:
      for index in 0..<info.shape.elementCount
      where bytes[index / 2] >> (index % 2 == 0 ? 0 : 4) & 0xF == 8 {
        throw ImgcError.value(
          file: file, tensor: info.name, index: index, expected: "-7 to 7", found: "-8")
      }
    default: break
    }
  }
}
