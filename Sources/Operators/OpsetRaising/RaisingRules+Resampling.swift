import ModelGraph
import Tensors

/// Changes of Upsample, Resize and the operators that sample images.
extension RaisingRules {
  static let resamplingRules: [Change] = [
    ("Upsample", 7, joinScales), ("Upsample", 9, moveScales), ("Upsample", 10, renameUpsample),
    ("Resize", 11, stateCoordinates), ("RoiAlign", 16, stateRoiCoordinates),
    ("GridSample", 20, renameGridModes),
  ]

  /// Before opset 7 height and width had attributes of their own.
  private static func joinScales(_ node: inout Node, _ site: RaisingSite) throws {
    guard let height = node.takeFloat("height_scale"), let width = node.takeFloat("width_scale")
    else { throw OperatorError.missingAttribute("height_scale") }
    node.attributes["scales"] = .floats([1, 1, height, width])
    if node.text("mode") == "bilinear" { node.attributes["mode"] = .text("linear") }
  }

  private static func moveScales(_ node: inout Node, _ site: RaisingSite) throws {
    guard let scales = node.takeFloats("scales") else {
      throw OperatorError.missingAttribute("scales")
    }
    node.setInput(1, site.constant(try Tensor(scales)))
  }

  private static func renameUpsample(_ node: inout Node, _ site: RaisingSite) throws {
    node.opType = "Resize"
  }

  /// Opset 10 had one transformation: x / scale, rounded down where enlarging and up where
  /// shrinking.
  private static func stateCoordinates(_ node: inout Node, _ site: RaisingSite) throws {
    guard node.inputs.count == 2 else {
      throw OperatorError.inputCount(expected: "2", found: node.inputs.count)
    }
    let scales = node.inputs[1]
    let shrinks =
      site.constantValue(scales).map { tensor in
        tensor.dtype == .float32 && tensor.array(of: Float.self).contains { $0 < 1 }
      } ?? false
    node.inputs = [node.inputs[0], "", scales]
    node.attributes["coordinate_transformation_mode"] = .text("asymmetric")
    node.attributes["nearest_mode"] = .text(shrinks ? "ceil" : "floor")
  }

  private static func stateRoiCoordinates(_ node: inout Node, _ site: RaisingSite) throws {
    node.attributes["coordinate_transformation_mode"] = .text("output_half_pixel")
  }

  private static func renameGridModes(_ node: inout Node, _ site: RaisingSite) throws {
    switch node.text("mode") {
    case "bilinear"?: node.attributes["mode"] = .text("linear")
    case "bicubic"?: node.attributes["mode"] = .text("cubic")
    default: break
    }
  }
}
