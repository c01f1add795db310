import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Quantization
import Tensors

/// Whole ways of a model through the tool.
enum ModelTargets {
  /// The input's bytes as tensors of a type and sizes that its first bytes choose, written and
  /// read back.
  static func roundTrip(_ input: FuzzInput) throws {
    guard input.count >= 2 else { return }
    let types = DType.allCases.filter { $0 != .string && $0 != .bool }
    let dtype = types[Int(input[0]) % types.count]
    let data = Array(input[2...])
    let count = data.count * 8 / dtype.bitWidth
    let size = dtype.packedByteCount(elementCount: count) ?? 0
    var bytes = Array(data[..<min(size, data.count)])
    bytes += [UInt8](repeating: 0, count: size - bytes.count)
    if dtype.isSubByte, count * dtype.bitWidth % 8 != 0 {
      bytes[bytes.count - 1] &= 0xFF >> UInt8(8 - count * dtype.bitWidth % 8)
    }
    let tensor = try bytes.withUnsafeBytes { try Tensor(unpacking: $0, dtype, [count]) }
    let names = (0...Int(input[1] % 3)).map { "t\($0)" }
    let model = Model(components: [
      Component(name: "m", weights: TensorSet(names.map { ($0, tensor) }), config: bytes)
    ])
    let weights = try written(model).model.components[0].weights
    for index in names.indices {
      var found = [UInt8](repeating: 0, count: size)
      try found.withUnsafeMutableBytes { try weights.read(index, at: 0, into: $0) }
      guard found == bytes else { throw FuzzFailure(text: "\(dtype.name) came back changed") }
    }
  }

  private static func written(_ model: Model) throws -> ImgcFile {
    let path = "\(FuzzFolder.path)/out.imgc"
    let file = try OutputFile(path: path, policy: .replacing)
    _ = try ImgcWriter.write(model, to: file)
    try file.publish()
    return try ImgcFile(path: path)
  }

  /// The input as an fp32 matrix, quantized to int8: every finite value comes back within half a
  /// step of its scale.
  static func quantize(_ input: FuzzInput) throws {
    guard input.count >= 5 else { return }
    let floats = input[1...].withUnsafeBytes { raw in
      (0..<(raw.count / 4)).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
    let rows = max(1, Int(input[0] % 4) + 1)
    let columns = floats.count / rows
    guard columns > 0 else { return }
    let values = Array(floats[..<(rows * columns)])
    let graph = Graph(
      name: "g",
      inputs: [ValueInfo(name: "x", type: TensorType(.float32, [.fixed(1), .fixed(columns)]))],
      outputs: [ValueInfo(name: "y", type: TensorType(.float32, nil))],
      nodes: [
        Node("Gemm", inputs: ["x", "w"], outputs: ["y"], attributes: ["transB": .int(1)])
      ], initializers: [Initializer(name: "w", dtype: .float32, shape: [rows, columns])])
    var component = Component(
      name: "m", weights: TensorSet([("w", try Tensor(values, [rows, columns]))]))
    component.graphs = [graph]
    let recipe = Recipe(defaultScheme: .integer(IntegerScheme()))
    let quantized = try ModelQuantizer(recipe: recipe)
      .quantize(Model(components: [component])).quantized
    let weights = quantized.model.components[0].weights
    guard let entry = quantized.model.components[0].quantization["w"],
      let w = weights.index(of: "w"), let s = weights.index(of: entry.scale)
    else { return }
    let codes = try weights.tensor(w).array(of: Int8.self)
    let scales = try weights.tensor(s).array(of: Float.self)
    for (index, value) in values.enumerated() {
      let scale = scales.count == 1 ? scales[0] : scales[index / columns]
      guard scale.isFinite, scale > 0 else { throw FuzzFailure(text: "scale \(scale)") }
      let back = Double(scale) * Double(codes[index])
      let error = abs(back - Double(value))
      guard error <= Double(scale) * 0.5001 else {
        throw FuzzFailure(text: "element \(index): \(value) came back as \(back), scale \(scale)")
      }
    }
  }
}
