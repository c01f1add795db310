import COnnxSchema
import CProtobufC

/// A list of messages as protobuf-c holds it: a count and an array of pointers.
struct MessageList<Message>: Sequence {
  private let count: Int
  private let items: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?

  init(_ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
    self.count = items == nil ? 0 : count
    self.items = items
  }

  func makeIterator() -> AnyIterator<UnsafeMutablePointer<Message>> {
    var index = 0
    return AnyIterator {
      while index < count {
        defer { index += 1 }
        if let item = items?[index] { return item }
      }
      return nil
    }
  }
}

/// The texts of a repeated string field.
func texts(_ count: Int, _ items: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
  (0..<count).map { text(items?[$0]) }
}

/// A string field; empty where it is absent. The scanner checked that it is UTF-8 without NUL.
func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
  pointer.map { String(cString: $0) } ?? ""
}

/// The numbers of a repeated field.
func numbers<Value>(_ count: Int, _ items: UnsafeMutablePointer<Value>?) -> [Value] {
  Array(UnsafeBufferPointer(start: items, count: items == nil ? 0 : count))
}

/// The content of a bytes field.
func content(_ bytes: ProtobufCBinaryData) -> [UInt8] {
  numbers(bytes.len, bytes.data)
}

/// An unpacked skeleton: the messages live as long as this does.
final class UnpackedModel {
  /// The model's messages.
  let model: UnsafeMutablePointer<Onnx__ModelProto>

  /// Unpacks with `onnx__model_proto__unpack`.
  init(_ skeleton: WireSkeleton) throws(ONNXError) {
    let bytes = skeleton.bytes
    guard let model = onnx__model_proto__unpack(nil, bytes.count, bytes) else {
      throw .skeletonRefused(ONNXPlace(file: skeleton.path))
    }
    self.model = model
  }

  deinit { onnx__model_proto__free_unpacked(model, nil) }
}

/// An unpacked tensor: the messages live as long as this does.
final class UnpackedTensor {
  /// The tensor's message.
  let tensor: UnsafeMutablePointer<Onnx__TensorProto>

  /// Unpacks with `onnx__tensor_proto__unpack`.
  init(_ skeleton: WireSkeleton) throws(ONNXError) {
    let bytes = skeleton.bytes
    guard let tensor = onnx__tensor_proto__unpack(nil, bytes.count, bytes) else {
      throw .skeletonRefused(ONNXPlace(file: skeleton.path))
    }
    self.tensor = tensor
  }

  deinit { onnx__tensor_proto__free_unpacked(tensor, nil) }
}
