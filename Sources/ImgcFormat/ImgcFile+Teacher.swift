import FileIO
import ModelGraph
import Tensors

extension ImgcFile {
  /// The tensors to which those of `component` may be differences, by name, type and shape: those of
  /// the teacher's component of that name, or of this file's only component.
  func counterparts(of component: Component) -> [TensorInfo: TeacherBlob] {
    let named = model.components.filter { $0.name == component.name }
    let matches = named.isEmpty && model.components.count == 1 ? model.components : named
    guard
      let match = matches.first(where: { $0.role == .teacher }) ?? matches.first,
      let weights = match.weights as? ImgcWeights
    else { return [:] }
    var blobs: [TensorInfo: TeacherBlob] = [:]
    for (index, info) in weights.tensors.enumerated() {
      blobs[info] = weights.teacherBlob(index)
    }
    return blobs
  }

  /// Checks that the file is as it was when it was opened.
  ///
  /// - Throws: `ImgcError`.
  func requireUnchanged() throws {
    for component in model.components { try component.weights.checkUnchanged() }
  }
}
