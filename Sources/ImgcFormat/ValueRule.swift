import ModelGraph
import Tensors

/// What the values of a tensor must be (R12).
struct ValueRule {
  let file: String
  let info: TensorInfo
  let kind: Kind

  enum Kind {
    /// Anything.
    case any
    /// 0 or 1.
    case bool
    /// fp32, finite and above zero.
    case scale
    /// int8 without -128.
    case symmetricInt8
    /// int4 without -8.
    case symmetricInt4
  }

  /// Checks `bytes`, which begin at byte `offset` of the tensor, a multiple of four.
  ///
  /// - Throws: `ImgcError.value` naming the first element that is not as it must be.
  func check(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ImgcError) {
    switch kind {
    case .any: break
    case .bool:
      if let index = bytes.firstIndex(where: { $0 > 1 }) {
        throw error(offset + index, expected: "0 or 1", found: "\(bytes[index])")
      }
    case .scale: try checkScales(bytes, at: offset)
    case .symmetricInt8:
      if let index = bytes.firstIndex(of: 0x80) {
        throw error(offset + index, expected: "-127 to 127", found: "-128")
      }
    case .symmetricInt4:
      let count = min(2 * bytes.count, info.shape.elementCount - 2 * offset)
      for index in 0..<count where bytes[index / 2] >> (index % 2 == 0 ? 0 : 4) & 0xF == 8 {
        throw error(2 * offset + index, expected: "-7 to 7", found: "-8")
      }
    }
  }

  private func checkScales(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ImgcError) {
    for position in stride(from: 0, to: bytes.count, by: 4) {
      let scale = bytes.loadUnaligned(fromByteOffset: position, as: Float.self)
      guard scale.isFinite, scale > 0 else {
        throw error(
          (offset + position) / 4, expected: "a finite scale above 0", found: "\(scale)")
      }
    }
  }

  private func error(_ index: Int, expected: String, found: String) -> ImgcError {
    .value(file: file, tensor: info.name, index: index, expected: expected, found: found)
  }
}

/// The rules for the tensors of a component.
struct ValueRules {
  private let file: String
  private let scales: Set<String>
  private let symmetric: Set<String>

  init(file: String, _ component: Component) {
    self.file = file
    scales = Set(component.quantization.values.map(\.scale))
    symmetric = Set(component.quantization.filter(\.value.isSymmetric).keys)
  }

  func rule(for info: TensorInfo) -> ValueRule {
    ValueRule(file: file, info: info, kind: kind(info))
  }

  private func kind(_ info: TensorInfo) -> ValueRule.Kind {
    switch info.dtype {
    case .bool: .bool
    case .float32 where scales.contains(info.name): .scale
    case .int8 where symmetric.contains(info.name): .symmetricInt8
    case .int4 where symmetric.contains(info.name): .symmetricInt4
    default: .any
    }
  }
}
