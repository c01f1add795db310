import FileIO
import ModelGraph
import Operators
import Synchronization
import Tensors

/// The weights of a component without their quantization: integers with scales become real numbers
/// of the type that they had before, and tensors that hold scales and zero points are left out.
///
/// Reading in order needs the memory of one tensor.
public final class RestoredSource: TensorSource {
  public let tensors: [TensorInfo]
  private let component: Component
  private let originals: [Int]
  private let indices: [ByteString: Int]
  private let held = Mutex<(index: Int, tensor: Tensor)?>(nil)

  /// The weights of `component`.
  ///
  /// - Throws: `TensorError` where a restored tensor would be too large.
  public init(_ component: Component) throws {
    self.component = component
    var helpers: Set<ByteString> = []
    for entry in component.quantization.values {
      helpers.insert(ByteString(entry.scale))
      if let zeroPoint = entry.zeroPoint { helpers.insert(ByteString(zeroPoint)) }
    }
    var infos: [TensorInfo] = []
    var originals: [Int] = []
    var indices: [ByteString: Int] = [:]
    for (index, info) in component.weights.tensors.enumerated() {
      indices[ByteString(info.name)] = index
      guard !helpers.contains(ByteString(info.name)) else { continue }
      originals.append(index)
      let restored = try component.quantization[info.name].map {
        try TensorInfo(name: info.name, dtype: $0.originalType, shape: info.shape)
      }
      infos.append(restored ?? info)
    }
    tensors = infos
    self.originals = originals
    self.indices = indices
  }

  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let original = originals[index]
    guard component.quantization[tensors[index].name] != nil else {
      return try component.weights.read(original, at: offset, into: buffer)
    }
    try restored(index).withBytes { bytes in
      guard offset >= 0, buffer.count <= bytes.count, offset <= bytes.count - buffer.count else {
        throw TensorError.byteCountMismatch(expected: offset + buffer.count, found: bytes.count)
      }
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + buffer.count)]))
    }
  }

  public func checkUnchanged() throws { try component.weights.checkUnchanged() }

  private func restored(_ index: Int) throws -> Tensor {
    if let held = held.withLock({ $0 }), held.index == index { return held.tensor }
    guard let quantization = component.quantization[tensors[index].name] else {
      return try component.weights.tensor(originals[index])
    }
    let helpers = try ([quantization.scale, quantization.zeroPoint].compactMap { $0 }).map { name in
      guard let place = indices[ByteString(name)] else {
        throw GraphError.missingWeight(graph: component.label, name: name)
      }
      return try component.weights.tensor(place)
    }
    let made = try OperatorRegistry.standard.make(quantization.dequantizeNode)
    let context = ExecutionContext(
      inputs: [try component.weights.tensor(originals[index])] + helpers, requestedOutputs: [true])
    guard let result = try made.run(context).first, let real = result else {
      throw OperatorError.unsupported("a constant without a value")
    }
    let tensor = try real.converted(to: quantization.originalType)
    held.withLock { $0 = (index, tensor) }
    return tensor
  }
}
