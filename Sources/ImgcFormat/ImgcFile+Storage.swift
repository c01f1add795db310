import Tensors

/// How a tensor is stored in a native file.
public struct StoredTensor: Sendable {
  /// The component's label.
  public let component: String
  /// The tensor.
  public let info: TensorInfo
  /// How many bytes of the file its chunks take; shared ones are counted at every tensor.
  public let storedSize: Int
  /// Whether an earlier tensor of the file has the same bytes, which are stored once.
  public let isRepeated: Bool
  /// Whether chunks of it are differences to another tensor.
  public let isDifference: Bool
}

extension ImgcFile {
  /// How each tensor is stored, in the manifest's order.
  public var storedTensors: [StoredTensor] {
    var seen: Set<Int> = []
    return zip(manifest.components, model.components).flatMap { entry, component in
      entry.tensors.map { tensor in
        let blob = manifest.blobs[tensor.blob]
        return StoredTensor(
          component: component.label, info: tensor.info,
          storedSize: blob.chunks.reduce(0) { $0 + $1.storedSize },
          isRepeated: !seen.insert(tensor.blob).inserted,
          isDifference: blob.chunks.contains(where: \.isDifference))
      }
    }
  }
}
