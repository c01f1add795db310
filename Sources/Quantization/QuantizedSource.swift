import FileIO
import ModelGraph
import Operators
import Synchronization
import Tensors

/// The weights of a component under a quantization: each tensor is read from the original,
/// converted and handed on, one at a time.
///
/// Reading in order needs the memory of one tensor, whatever the model's size; scales and zero
/// points stand right behind their tensor and are kept once computed.
public final class QuantizedSource: TensorSource {
  /// What one of the source's tensors is made of.
  enum Part: Sendable {
    case original
    case values
    case scale
    case zeroPoint
    /// A bias that is corrected for the errors of a weight, by the weight's number.
    case corrected(weight: Int)
    /// A new bias that holds nothing but the correction.
    case correction(weight: Int)
  }

  struct Entry: Sendable {
    let index: Int
    let part: Part
  }

  public let tensors: [TensorInfo]
  private let original: any TensorSource
  let decisions: [TensorDecision]
  private let converter: WeightConverter
  private let entries: [Entry]
  private let store: ConvertedStore?
  private let buffers = ReusableBuffer()
  private let state = Mutex(State())

  private struct State {
    var converted: [Int: ConvertedWeight] = [:]
    var order: [Int] = []
    var helpers: [Int: (scale: [UInt8], zeroPoint: [UInt8])] = [:]
    var accounts: [Int: TensorAccount] = [:]
    var shifts: [Int: [Float]] = [:]
  }

  init(
    original: any TensorSource, decisions: [TensorDecision], names: [GeneratedNames?],
    converter: WeightConverter, biases: BiasPlan, store: ConvertedStore? = nil
  ) throws {
    self.original = original
    self.decisions = decisions
    self.converter = converter
    self.store = store
    let numbers = Dictionary(
      decisions.enumerated().map { (ByteString($1.tensor.name), $0) },
      uniquingKeysWith: { first, _ in first })
    var corrected: [ByteString: Int] = [:]
    var added: [Int: TensorInfo] = [:]
    for correction in biases.corrections {
      guard let weight = numbers[correction.weight] else { continue }
      if correction.isNew {
        added[weight] = try TensorInfo(
          name: correction.bias, dtype: .float32, shape: [correction.channelCount])
      } else {
        corrected[ByteString(correction.bias)] = weight
      }
    }
    var infos: [TensorInfo] = []
    var entries: [Entry] = []
    for (index, decision) in decisions.enumerated() {
      let layout = try decision.storedTensors(names[index])
      infos += layout.map(\.info)
      if let weight = corrected[ByteString(decision.tensor.name)] {
        entries.append(Entry(index: index, part: .corrected(weight: weight)))
      } else {
        entries += layout.map { Entry(index: index, part: $0.part) }
      }
      if let info = added[index] {
        infos.append(info)
        entries.append(Entry(index: index, part: .correction(weight: index)))
      }
    }
    tensors = infos
    self.entries = entries
  }
}

extension QuantizedSource {
  public func read(
    _ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let entry = entries[index]
    switch entry.part {
    case .original:
      try original.read(entry.index, at: offset, into: buffer)
      note(unchanged: entry.index)
    case .values:
      let weight = try converted(entry.index)
      if weight.values.dtype.isSubByte {
        try copy(weight.values.packedBytes(), offset, buffer)
      } else {
        weight.values.withBytes { copyRange($0, offset, buffer) }
      }
    case .scale: try copy(try helpers(entry.index).scale, offset, buffer)
    case .zeroPoint: try copy(try helpers(entry.index).zeroPoint, offset, buffer)
    case .corrected(let weight):
      let bias = try original.tensor(entry.index).array(of: Float.self)
      let shift = try shift(weight, count: bias.count)
      try copy(zip(bias, shift).map { $0 + $1 }, offset, buffer)
      note(unchanged: entry.index)
    case .correction(let weight):
      let count = tensors[index].shape.elementCount
      try copy(try shift(weight, count: count), offset, buffer)
    }
  }

  public func checkUnchanged() throws { try original.checkUnchanged() }

  /// One line for each tensor of the original, once all have been read.
  public var accounts: [TensorAccount] {
    let known = state.withLock { $0.accounts }
    return decisions.indices.compactMap { known[$0] }
  }

  /// Reads what has not been read yet, so that `accounts` is complete (a dry run).
  public func readAll() throws {
    for index in decisions.indices where state.withLock({ $0.accounts[index] == nil }) {
      if decisions[index].scheme == .keep {
        note(unchanged: index)
      } else {
        _ = try converted(index)
      }
    }
  }
}

extension QuantizedSource {
  /// How many converted tensors are held: the one being read and the one before.
  private static let heldCount = 2

  private func converted(_ index: Int) throws -> ConvertedWeight {
    if let weight = state.withLock({ $0.converted[index] }) { return weight }
    let decision = decisions[index]
    let weight =
      try store?.weight(decision)
      ?? converter.convert(original, index, decision, buffers)
    store?.keep(weight, decision)
    state.withLock { state in
      if let shift = weight.outputShift { state.shifts[index] = shift }
      state.converted[index] = weight
      state.order.append(index)
      if state.order.count > Self.heldCount {
        state.converted[state.order.removeFirst()] = nil
      }
      state.helpers[index] = (
        weight.scale?.packedBytes() ?? [], weight.zeroPoint?.packedBytes() ?? []
      )
      state.accounts[index] = TensorAccount(
        decision: decision, bytesBefore: decision.tensor.byteCount,
        bytesAfter: weight.packedByteCount, deviation: weight.deviation)
    }
    return weight
  }

  private func helpers(_ index: Int) throws -> (scale: [UInt8], zeroPoint: [UInt8]) {
    if let known = state.withLock({ $0.helpers[index] }) { return known }
    let weight = try converted(index)
    return (weight.scale?.packedBytes() ?? [], weight.zeroPoint?.packedBytes() ?? [])
  }

  /// What the products with weight `index` lack, for each of `count` output channels; zeros where
  /// it is not known.
  private func shift(_ index: Int, count: Int) throws -> [Float] {
    if let known = state.withLock({ $0.shifts[index] }) { return known }
    return try converted(index).outputShift ?? [Float](repeating: 0, count: count)
  }

  private func copy(
    _ values: [Float], _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) throws {
    try copy(values.withUnsafeBytes { Array($0) }, offset, buffer)
  }

  private func note(unchanged index: Int) {
    let decision = decisions[index]
    let byteCount = decision.tensor.byteCount
    state.withLock {
      $0.accounts[index] = TensorAccount(
        decision: decision, bytesBefore: byteCount, bytesAfter: byteCount, deviation: .none)
    }
  }

  private func copy(
    _ bytes: [UInt8], _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard offset >= 0, offset <= bytes.count, buffer.count <= bytes.count - offset else {
      throw TensorError.byteCountMismatch(expected: offset + buffer.count, found: bytes.count)
    }
    bytes.withUnsafeBytes { copyRange($0, offset, buffer) }
  }

  private func copyRange(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer
  ) {
    buffer.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + buffer.count)]))
  }
}

extension TensorDecision {
  /// The tensors stored in place of the original, in order.
  fileprivate func storedTensors(
    _ names: GeneratedNames?
  ) throws -> [(info: TensorInfo, part: QuantizedSource.Part)] {
    switch scheme {
    case .keep: return [(tensor, .original)]
    case .float(let dtype):
      return [(try TensorInfo(name: tensor.name, dtype: dtype, shape: tensor.shape), .values)]
    case .integer(let integers):
      guard let names, let granularity else { return [(tensor, .original)] }
      let shape = ScaleLayout(shape: tensor.shape, granularity: granularity).scaleShape
      var stored: [(info: TensorInfo, part: QuantizedSource.Part)] = [
        (try TensorInfo(name: tensor.name, dtype: integers.dtype, shape: tensor.shape), .values),
        (try TensorInfo(name: names.scale, dtype: .float32, shape: shape), .scale),
      ]
      if let zeroPoint = names.zeroPoint {
        stored.append(
          (try TensorInfo(name: zeroPoint, dtype: integers.dtype, shape: shape), .zeroPoint))
      }
      return stored
    }
  }
}
