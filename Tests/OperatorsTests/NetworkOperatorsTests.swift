import ModelGraph
import Operators
import Tensors
import Testing

@Suite("Layers: rules that the ONNX suite misses")
struct NetworkOperatorsTests {
  static let halfTypes: [DType] = [.float16, .bfloat16]

  private func half(_ tensor: Tensor, _ dtype: DType) throws -> Tensor {
    try result("Cast", tensor, attributes: ["to": .int(Int64(dtype.rawValue))])
  }

  @Test("a convolution in one, two, three and four spatial axes sums over its window")
  func convolutions() throws {
    for rank in 1...4 {
      let x = try counting(Shape([1, 1] + [Int](repeating: 2, count: rank)))
      let w = try Tensor(
        [Float](repeating: 1, count: 1 << rank), Shape([1, 1] + [Int](repeating: 2, count: rank)))
      let y = try result("Conv", x, w)
      let count = 1 << rank
      #expect(y.array(of: Float.self) == [Float(count * (count - 1) / 2)])
      let padded = try result(
        "Conv", x, w, attributes: ["auto_pad": .text("SAME_UPPER")])
      #expect(padded.shape == x.shape)
    }
  }

  @Test("a convolution of an empty batch is empty")
  func emptyBatch() throws {
    let y = try result("Conv", try counting([0, 1, 3, 3]), try counting([2, 1, 3, 3]))
    #expect(y.shape == [0, 2, 1, 1])
    let pooled = try result(
      "MaxPool", try counting([0, 1, 3, 3]), attributes: ["kernel_shape": .ints([2, 2])])
    #expect(pooled.shape == [0, 1, 2, 2])
  }

  @Test("a transposed convolution undoes the strides of a convolution")
  func transposed() throws {
    let x = try counting([1, 1, 2])
    let w = try Tensor([Float(1), 1, 1], [1, 1, 3])
    let y = try result("ConvTranspose", x, w, attributes: ["strides": .ints([2])])
    #expect(y.array(of: Float.self) == [0, 0, 1, 1, 1])
    let fixed = try result(
      "ConvTranspose", x, w,
      attributes: ["strides": .ints([2]), "output_shape": .ints([4])])
    #expect(fixed.shape == [1, 1, 4])
  }

  @Test("a pool whose strides leave elements out leaves them out on both sides")
  func evenCrop() throws {
    let attributes: [String: AttributeValue] = [
      "kernel_shape": .ints([1]), "strides": .ints([3]), "auto_pad": .text("SAME_UPPER"),
    ]
    let y = try result("MaxPool", try counting([1, 1, 6]), attributes: attributes)
    #expect(y.array(of: Float.self) == [1, 4])
  }

  @Test("a seeded dropout keeps what MT19937 says")
  func dropout() throws {
    let ones = try Tensor([Float](repeating: 1, count: 5))
    let inputs: [Tensor?] = [ones, try Tensor(scalar: Float(0.5)), try Tensor(scalar: true)]
    let results = try run("Dropout", inputs, ["seed": .int(0)], outputs: 2)
    #expect(results[0].array(of: Float.self) == [2, 2, 2, 2, 0])
    #expect(results[1].array(of: Bool.self) == [true, true, true, true, false])
    #expect(throws: OperatorError.self) { try run("Dropout", inputs, outputs: 2) }
  }

  @Test("shapes that do not fit are errors")
  func mismatches() throws {
    let x = try counting([1, 2, 3, 3])
    #expect(throws: OperatorError.self) { try result("Conv", x, try counting([1, 3, 3, 3])) }
    #expect(throws: OperatorError.self) { try result("Conv", x, try counting([1, 2, 4, 4])) }
    #expect(throws: OperatorError.self) { try result("Conv", x, try counting([1, 2, 3])) }
    #expect(throws: OperatorError.self) {
      try result("Conv", x, try counting([1, 2, 3, 3]), try counting([2]))
    }
    #expect(throws: OperatorError.self) {
      try result("MaxPool", x, attributes: ["kernel_shape": .ints([4, 4])])
    }
    #expect(throws: OperatorError.self) {
      try result("MaxPool", x, attributes: ["kernel_shape": .ints([2])])
    }
    #expect(throws: OperatorError.self) {
      try result("GroupNormalization", x, x, x, attributes: ["num_groups": .int(2)])
    }
    #expect(throws: OperatorError.self) { try result("LayerNormalization", x, try counting([4])) }
    #expect(throws: OperatorError.self) { try result("Attention", x, x) }
    #expect(throws: OperatorError.self) {
      try result("RoiAlign", x, try counting([1, 4]), try Tensor([Int64(7)]))
    }
    #expect(throws: OperatorError.self) {
      try result(
        "MaxUnpool", try counting([1, 1, 1, 1]), try Tensor([Int64(99)], [1, 1, 1, 1]),
        attributes: ["kernel_shape": .ints([2, 2])])
    }
  }

  @Test(
    "absurd strides, pads and dilations are errors, not traps",
    arguments: [Int64.max, .min, 0, -1, 1 << 31])
  func absurd(_ number: Int64) throws {
    let x = try counting([1, 1, 3, 3])
    for name in ["strides", "dilations", "kernel_shape"] {
      var attributes: [String: AttributeValue] = ["kernel_shape": .ints([1, 1])]
      attributes[name] = .ints([number, number])
      #expect(throws: OperatorError.self) { try result("MaxPool", x, attributes: attributes) }
    }
    #expect(throws: OperatorError.self) {
      try result("Conv", x, x, attributes: ["group": .int(number == 0 ? -1 : number)])
    }
  }

  @Test("a NaN under a window wins in MaxPool, padding never does")
  func maximum() throws {
    let x = try Tensor([Float(-5), .nan, -3, -2], [1, 1, 4])
    let y = try run(
      "MaxPool", [x], ["kernel_shape": .ints([2]), "pads": .ints([1, 1])], outputs: 2)
    #expect(y[0].array(of: Float.self).map { $0.isNaN } == [false, true, true, false, false])
    #expect(y[0].array(of: Float.self)[0] == -5)
    #expect(y[1].array(of: Int64.self) == [0, 1, 1, 3, 3])
  }

  @Test("half precision is computed in fp32 and rounded once", arguments: halfTypes)
  func halves(_ dtype: DType) throws {
    let x = try half(try Tensor([Float](repeating: 0.1, count: 300), [1, 300]), dtype)
    let wide = try result("Cast", x, attributes: ["to": .int(1)])
    let softmax = try result("Softmax", x)
    let expected = try half(try result("Softmax", wide), dtype)
    #expect(softmax.packedBytes() == expected.packedBytes())
    let image = x.reshaped([1, 3, 10, 10])
    let pooled = try result("GlobalAveragePool", image)
    let widePooled = try result("GlobalAveragePool", wide.reshaped([1, 3, 10, 10]))
    let rounded = try half(widePooled, dtype)
    #expect(pooled.packedBytes() == rounded.packedBytes())
  }

  @Test("softmax of nothing but minus infinity is NaN, of an empty axis empty")
  func softmax() throws {
    let x = try Tensor([-Float.infinity, -.infinity], [1, 2])
    #expect(try result("Softmax", x).array(of: Float.self).allSatisfy { $0.isNaN })
    for opType in ["Softmax", "LogSoftmax", "Hardmax", "LpNormalization"] {
      #expect(try result(opType, try counting([2, 0])).shape == [2, 0])
    }
  }

  @Test("an attention row without keys is zero")
  func attention() throws {
    let q = try counting([1, 1, 2, 4])
    let k = try Tensor([Float](), [1, 1, 0, 4])
    #expect(
      try result("Attention", q, k, k).array(of: Float.self) == [Float](repeating: 0, count: 8))
    let mask = try Tensor([false, false, true, true], [2, 2])
    let y = try result("Attention", q, q, q, mask).array(of: Float.self)
    #expect(y[0..<4].allSatisfy { $0 == 0 })
    #expect(y[4..<8].allSatisfy { $0 > 0 })
  }

  @Test("Resize keeps strings out and takes any width of element by nearest neighbour")
  func resize() throws {
    let scales = try Tensor([Float(2)])
    let none: Tensor? = nil
    let bools = try result("Resize", try Tensor([true, false]), none, scales)
    #expect(bools.array(of: Bool.self) == [true, true, false, false])
    let wide = try result("Resize", try Tensor([Int64.max, 1]), none, scales)
    #expect(wide.array(of: Int64.self) == [.max, .max, 1, 1])
    #expect(throws: OperatorError.self) {
      try result("Resize", try Tensor(strings: ["a", "b"], [2]), none, scales)
    }
    for bad in [Float.nan, 0, -1, .infinity] {
      #expect(throws: OperatorError.self) {
        try result("Resize", try counting([2]), none, try Tensor([bad]))
      }
    }
    #expect(throws: OperatorError.self) {
      try result("Resize", try counting([2]), none, none, try Tensor([Int64(-1)]))
    }
    #expect(throws: OperatorError.self) { try result("Resize", try counting([2])) }
  }

  @Test("points that are not numbers sample nothing", arguments: ["zeros", "border", "reflection"])
  func gridSample(_ padding: String) throws {
    let grid = try Tensor([Float.nan, .infinity, -.infinity, 0], [1, 1, 2, 2])
    let y = try result(
      "GridSample", try counting([1, 1, 1, 3]), grid,
      attributes: ["padding_mode": .text(padding)])
    #expect(y.array(of: Float.self).allSatisfy { $0.isFinite })
  }

  @Test("labels that are no classes are errors unless ignored")
  func losses() throws {
    let x = try counting([1, 3])
    let label = try Tensor([Int64(7)])
    #expect(throws: OperatorError.self) { try result("SoftmaxCrossEntropyLoss", x, label) }
    let ignored = try result(
      "NegativeLogLikelihoodLoss", x, label,
      attributes: ["ignore_index": .int(7), "reduction": .text("sum")])
    #expect(ignored.array(of: Float.self) == [0])
  }

  /// A transform and its inverse differ from the identity by rounding of fp64 sums only.
  private static let roundTripError = 1e-12

  @Test(
    "a Fourier transform of any length is undone by its inverse", arguments: [1, 2, 7, 12, 64, 97])
  func fourier(_ length: Int) throws {
    let signal = (0..<length).map { Double(($0 * 37) % 11) - 5 }
    let x = try Tensor(signal, [1, length, 1])
    let spectrum = try result("DFT", x)
    let back = try result("DFT", spectrum, attributes: ["inverse": .int(1)])
    for (index, value) in signal.enumerated() {
      #expect(abs(back.array(of: Double.self)[2 * index] - value) < Self.roundTripError)
    }
    let half = try result("DFT", x, attributes: ["onesided": .int(1)])
    #expect(half.shape == [1, length / 2 + 1, 2])
    let real = try result(
      "DFT", half, try Tensor(scalar: Int64(length)),
      attributes: ["onesided": .int(1), "inverse": .int(1)])
    for (index, value) in signal.enumerated() {
      #expect(abs(real.array(of: Double.self)[index] - value) < Self.roundTripError)
    }
    #expect(throws: OperatorError.self) { try result("DFT", x, try Tensor(scalar: Int64(0))) }
  }

  @Test("a reversed recurrence ends where the sequence begins")
  func recurrence() throws {
    let x = try Tensor([Float(1), 2, 3], [3, 1, 1])
    let (w, r) = (try Tensor([Float(1)], [1, 1, 1]), try Tensor([Float(0)], [1, 1, 1]))
    let attributes: [String: AttributeValue] = [
      "direction": .text("reverse"), "activations": .strings([Array("Affine".utf8)]),
      "hidden_size": .int(1),
    ]
    let y = try run("RNN", [x, w, r], attributes, outputs: 2)
    #expect(y[0].array(of: Float.self) == [1, 2, 3])
    #expect(y[1].array(of: Float.self) == [1])
    let lengths = try Tensor([Int32(9)])
    #expect(throws: OperatorError.self) {
      try run("RNN", [x, w, r, nil, lengths], attributes, outputs: 2)
    }
  }
}
