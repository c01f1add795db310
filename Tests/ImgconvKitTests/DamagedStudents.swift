import ImgconvKit
import ModelGraph
import Operators
import Quantization
import Tensors
import TestSupport
import Testing

/// Ways to damage the digits student after an honest conversion to int8.
struct Damage: Sendable, CustomTestStringConvertible {
  let name: String
  /// A part of the name of the layer or weight that a verification must name.
  let culprit: String
  var isSymmetric = true
  let apply: @Sendable (inout Component) throws -> Void

  var testDescription: String { name }

  static let block = "m.down_blocks.1.resnets.0"

  static let all: [Damage] = [
    Damage(name: "a scale 1.1 times", culprit: "\(block).conv1.weight") {
      try $0.edit(Float.self, "\(block).conv1.weight.scale") { $0.map { $0 * 1.1 } }
    },
    Damage(name: "two channels swapped", culprit: "m.mid_block.resnets.0.conv1.weight") {
      try $0.edit(Int8.self, "m.mid_block.resnets.0.conv1.weight") { values in
        let size = values.count / 64
        return Array(values[size..<(2 * size)] + values[..<size] + values[(2 * size)...])
      }
    },
    Damage(name: "a zeroed bias", culprit: "m.up_blocks.0.resnets.0.conv1.bias") {
      try $0.edit(Float.self, "m.up_blocks.0.resnets.0.conv1.bias") { $0.map { _ in 0 } }
    },
    Damage(name: "a transposed kernel", culprit: "\(block).conv2.weight") {
      try $0.edit(Int8.self, "\(block).conv2.weight") { values in
        values.indices.map { index in
          let (kernel, place) = index.quotientAndRemainder(dividingBy: 9)
          return values[kernel * 9 + place % 3 * 3 + place / 3]
        }
      }
    },
    Damage(name: "one NaN", culprit: "\(block).conv1.bias") {
      try $0.edit(Float.self, "\(block).conv1.bias") { [.nan] + $0.dropFirst() }
    },
    Damage(name: "a wrong zero point", culprit: "\(block).conv1.weight", isSymmetric: false) {
      try $0.edit(Int8.self, "\(block).conv1.weight.zero_point") { $0.map { $0 &+ 9 } }
    },
    Damage(name: "a wrong epsilon", culprit: "InstanceNormalization") {
      $0.editFirst("InstanceNormalization") { $0.attributes["epsilon"] = .float(1e-3) }
    },
    Damage(name: "fp16 overflow in an activation", culprit: "node_conv2d_5") {
      $0.overflow(after: "conv2d_5")
    },
  ]
}

extension Component {
  /// Replaces the elements of a stored tensor.
  mutating func edit<Element: TensorElement>(
    _ type: Element.Type, _ name: String, _ change: ([Element]) -> [Element]
  ) throws {
    guard let index = weights.index(of: name) else {
      throw VerifiedStudent.Missing(name: name)
    }
    let tensor = try weights.tensor(index)
    let edited = try Tensor(change(tensor.array(of: Element.self)), tensor.shape)
      .bitCast(to: tensor.dtype)
    weights = ReplacedTensors(original: weights, replaced: [name: edited])
  }

  fileprivate mutating func editFirst(_ opType: String, _ change: (inout Node) -> Void) {
    guard let index = graphs[0].nodes.firstIndex(where: { $0.opType == opType }) else { return }
    change(&graphs[0].nodes[index])
  }

  /// Computes a value 10⁶ times too large in fp16 on its way.
  fileprivate mutating func overflow(after value: String) {
    guard let index = graphs[0].nodes.firstIndex(where: { $0.outputs.contains(value) }) else {
      return
    }
    graphs[0].nodes[index].outputs = [value + ".raw"]
    for (name, factor) in [("large", Float(1e6)), ("small", 1e-6)] {
      guard let tensor = try? Tensor([factor], .scalar) else { return }
      graphs[0].initializers.append(Initializer(name: "\(value).\(name)", inline: tensor))
    }
    graphs[0].nodes.insert(
      contentsOf: [
        Node("Mul", inputs: [value + ".raw", value + ".large"], outputs: [value + ".1"]),
        Node("Cast", inputs: [value + ".1"], outputs: [value + ".2"], attributes: ["to": .int(10)]),
        Node("Cast", inputs: [value + ".2"], outputs: [value + ".3"], attributes: ["to": .int(1)]),
        Node("Mul", inputs: [value + ".3", value + ".small"], outputs: [value]),
      ], at: index + 1)
  }
}

/// The digits student and its honest int8 form.
struct VerifiedStudent {
  struct Missing: Error { let name: String }

  let reference: Component

  /// The student in the file or folder `path`.
  init(path: String = SharedMaterial.fixture("digits/student.onnx")) throws {
    reference = try ModelLoader().load(path: path).model.components[0]
  }

  /// The student quantized to int8 per channel.
  func quantized(isSymmetric: Bool) throws -> Component {
    let recipe = Recipe(defaultScheme: .integer(IntegerScheme(isSymmetric: isSymmetric)))
    let model = Model(components: [reference])
    return try ModelQuantizer(recipe: recipe).quantize(model).quantized.model.components[0]
  }
}
