import Diffusion
import FileIO
import Foundation
import SafetensorsFormat
import Tensors
import TestSupport

/// The tensors of `shared/goldens/schedulers`, made by diffusers 0.42 and PyTorch 2.13.
struct SchedulerGoldens {
  static let folder = "goldens/schedulers"
  static var isThere: Bool { SharedMaterial.has(folder + "/golden.safetensors") }
  let file: SafetensorsFile
  /// Each schedule's name and configuration.
  let configurations: [(name: String, bytes: [UInt8])]

  init() throws {
    file = try SafetensorsFile(path: SharedMaterial.path(Self.folder + "/golden.safetensors"))
    let text = try Data(
      contentsOf: URL(fileURLWithPath: SharedMaterial.path(Self.folder + "/configs.json")))
    let members = try JSONParser().parse(Array(text)).members ?? []
    configurations = members.map { member in
      let settings = (member.value.members ?? []).map {
        $0.name == "class" ? JSONMember("_class_name", $0.value) : $0
      }
      return (member.name, JSONWriter.bytes(.object(settings)))
    }
  }

  var names: [String] { file.tensors.map(\.name) }

  func tensor(_ name: String) throws -> Tensor? {
    guard let index = file.tensors.firstIndex(where: { $0.name == name }) else { return nil }
    return try file.tensor(index)
  }
}

/// The stand-in model of the goldens: tanh(0.7 x) + 0.1 cos(3 x).
struct StandInModel: Denoiser {
  func predict(_ sample: Tensor, timestep: Float, conditioning: Conditioning) throws -> Tensor {
    try Tensor(
      sample.array(of: Float.self).map { tanh(0.7 * $0) + 0.1 * cos(3 * $0) }, sample.shape)
  }
}
