import FileIO
import ModelGraph
import Quantization
import Tensors
import Testing

/// Values 175 to 190 of the list of bad inputs.
@Suite("Values of weights")
struct ValueRuleTests {
  private let int8 = Recipe(defaultScheme: .integer(IntegerScheme()))
  private let fp16 = Recipe(defaultScheme: .float(.float16))

  /// Quantizes `model` and gives it back with its account.
  private func quantized(
    _ model: Model, _ recipe: Recipe
  ) throws -> (model: Model, accounts: [TensorAccount]) {
    let result = try ModelQuantizer(recipe: recipe).quantize(model).quantized
    try result.readAll()
    return (result.model, result.accounts)
  }

  /// A model of one weight whose elements are all 0.5 but for those given by index.
  private func model(_ values: [Int: Float], shape: Shape = [16, 8]) throws -> Model {
    var elements = [Float](repeating: 0.5, count: shape.elementCount)
    for (index, value) in values { elements[index] = value }
    return SampleGraphs.product(try Tensor(elements, shape))
  }

  /// The message with which quantization refuses `model`.
  private func refusal(_ model: Model, _ recipe: Recipe) -> String {
    do {
      _ = try quantized(model, recipe)
      return "accepted"
    } catch {
      return "\(error)"
    }
  }

  @Test("175 NaN: refused, tensor and index named")
  func nan() throws {
    let message = refusal(try model([19: .nan]), int8)
    #expect(message == "net: tensor w: element [2, 3]: expected a finite value, found nan")
  }

  @Test("176 infinities: refused, tensor and index named", arguments: [Float.infinity, -.infinity])
  func infinity(_ value: Float) throws {
    let message = refusal(try model([8: value]), int8)
    #expect(message == "net: tensor w: element [1, 0]: expected a finite value, found \(value)")
  }

  @Test("177 65520 to fp16: refused with the option that saturates, saturated with it")
  func overflow() throws {
    let message = refusal(try model([1: 65520]), fp16)
    #expect(message.contains("element [0, 1]: 65520.0 does not fit float16"))
    #expect(message.contains("--saturate"))
    var recipe = fp16
    recipe.saturates = true
    let result = try quantized(try model([1: 65520]), recipe)
    #expect(result.accounts[0].deviation.saturatedCount == 1)
    #expect(try result.model.weight("w").array(of: UInt16.self, as: .float16)[1] == 0x7BFF)
  }

  @Test("178 65519.996 becomes 65504 in fp16")
  func largestThatFits() throws {
    let result = try quantized(try model([1: 65519.996]), fp16)
    #expect(try result.model.weight("w").array(of: UInt16.self, as: .float16)[1] == 0x7BFF)
    #expect(result.accounts[0].deviation.saturatedCount == 0)
  }

  @Test("179 underflow in fp16: accepted and counted")
  func underflow() throws {
    let result = try quantized(try model([0: 1e-9, 5: -1e-10]), fp16)
    #expect(result.accounts[0].deviation.underflowCount == 2)
  }

  @Test("180 a tensor that underflows whole: refused")
  func vanishes() throws {
    let tiny = Dictionary(uniqueKeysWithValues: (0..<128).map { ($0, Float(1e-9)) })
    let message = refusal(try model(tiny), fp16)
    #expect(message.contains("net: tensor w: every element becomes zero in float16"))
  }

  @Test("181 float64 to fp16 is rounded once")
  func roundedOnce() throws {
    // Just above the middle of 1 and the next fp16; fp32 would round it to the middle, then to 1.
    let value = 1 + 0x1p-11 + 0x1p-40
    var elements = [Double](repeating: 0.5, count: 128)
    elements[3] = value
    let model = SampleGraphs.product(try Tensor(elements, [16, 8]))
    let result = try quantized(model, fp16)
    #expect(try result.model.weight("w").array(of: UInt16.self, as: .float16)[3] == 0x3C01)
  }

  @Test("182 an all-zero channel: accepted, scale 1")
  func zeroChannel() throws {
    let zeros = Dictionary(uniqueKeysWithValues: (0..<16).map { ($0 * 8 + 2, Float(0)) })
    let result = try quantized(try model(zeros), int8)
    let scales = try result.model.weight("w.scale").array(of: Float.self)
    #expect(scales[2] == 1)
    #expect(scales[3] == 0.5 / 127)
    let values = try result.model.weight("w").array(of: Int8.self)
    #expect((0..<16).allSatisfy { values[$0 * 8 + 2] == 0 })
  }

  @Test(
    "183 scales below fp16's range stay exact; below fp32's they become 1 and zeros are counted")
  func tinyScales() throws {
    var values = Dictionary(uniqueKeysWithValues: (0..<16).map { ($0 * 8, Float(1e-9)) })
    for row in 0..<16 { values[row * 8 + 1] = 7 * Float.leastNonzeroMagnitude }
    let result = try quantized(try model(values), int8)
    let scales = try result.model.weight("w.scale").array(of: Float.self)
    #expect(scales[0] == 1e-9 / 127 && scales[1] == 1)
    let integers = try result.model.weight("w").array(of: Int8.self)
    #expect(integers[0] == 127 && integers[1] == 0)
    #expect(result.accounts[0].deviation.underflowCount == 16)
  }

  @Test("184 an outlier: accepted, its error reported")
  func outlier() throws {
    let result = try quantized(
      try model([0: 1000]),
      Recipe(defaultScheme: .integer(IntegerScheme(sharing: .tensor))))
    let deviation = result.accounts[0].deviation
    #expect(deviation.maximumError == 0.5)
    #expect(deviation.underflowCount == 127)
    #expect(deviation.relativeL2 > 0.005)
  }

  @Test("185 −0: kept by fp16, 0 as an integer")
  func negativeZero() throws {
    let half = try quantized(try model([4: -0.0]), fp16)
    #expect(try half.model.weight("w").array(of: UInt16.self, as: .float16)[4] == 0x8000)
    let integers = try quantized(try model([4: -0.0]), int8)
    #expect(try integers.model.weight("w").array(of: Int8.self)[4] == 0)
  }

  @Test("186 and 187 empty tensors and scalars: kept, with the reason")
  func emptyAndScalar() throws {
    let model = SampleGraphs.product(
      try Tensor([Float](repeating: 1, count: 128), [16, 8]),
      others: [
        ("empty", try Tensor([] as [Float], [0, 4])), ("scalar", try Tensor(scalar: Float(3))),
      ])
    let result = try quantized(model, int8)
    #expect(result.accounts[1].decision.scheme == .keep)
    #expect(result.accounts[1].decision.reason == "empty")
    #expect(result.accounts[2].decision.scheme == .keep)
    #expect(try result.model.weight("scalar").array(of: Float.self) == [3])
  }

  @Test("188 a weight with two users: stored once, both agree")
  func tied() throws {
    var model = SampleGraphs.product(try Tensor(SampleGraphs.noise(256, seed: 4), [16, 16]))
    model.components[0].graphs[0].nodes.append(
      Node("MatMul", name: "again", inputs: ["y", "real"], outputs: ["z"]))
    model.components[0].graphs[0].outputs = [
      ValueInfo(name: "z", type: TensorType(.float32, nil))
    ]
    let result = try quantized(model, int8)
    let graph = result.model.components[0].graphs[0]
    #expect(result.model.components[0].weights.tensors.map(\.name) == ["w", "w.scale"])
    #expect(graph.nodes.count { $0.opType == "DequantizeLinear" } == 1)
    let products = graph.nodes.filter { $0.opType == "MatMul" }
    #expect(products[0].inputs[1] == products[1].inputs[1])
  }

  @Test("189 a generated name that is taken: another is found")
  func collision() throws {
    let model = SampleGraphs.product(
      try Tensor([Float](repeating: 1, count: 128), [16, 8]),
      others: [("w.scale", try Tensor([7 as Float]))])
    let result = try quantized(model, int8)
    #expect(
      result.model.components[0].weights.tensors.map(\.name) == ["w", "w.scale.1", "w.scale"])
    #expect(try result.model.weight("w.scale").array(of: Float.self) == [7])
    #expect(result.model.components[0].quantization["w"]?.scale == "w.scale.1")
  }

  @Test("190 booleans and integers: kept bit for bit")
  func integers() throws {
    let model = SampleGraphs.product(
      try Tensor([Float](repeating: 1, count: 128), [16, 8]),
      others: [
        ("flags", try Tensor([Bool](repeating: true, count: 64), [8, 8])),
        ("table", try Tensor((0..<64).map { Int64($0) << 40 }, [8, 8])),
      ])
    let result = try quantized(model, int8)
    #expect(result.accounts[1].decision.reason == "bool elements stay as they are")
    #expect(try result.model.weight("flags").array(of: Bool.self).allSatisfy { $0 })
    #expect(try result.model.weight("table").array(of: Int64.self)[63] == 63 << 40)
  }
}

extension Tensor {
  /// The bits of 16-bit floats.
  fileprivate func array(of type: UInt16.Type, as dtype: DType) -> [UInt16] {
    precondition(self.dtype == dtype)
    return withElements(of: UInt16.self) { Array($0) }
  }
}
