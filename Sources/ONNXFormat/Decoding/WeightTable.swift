import FileIO
import Tensors

/// The weights of a model while it is decoded.
struct WeightTable {
  /// Integers, booleans and constants of up to this many bytes are held in the graph.
  static let inlineLimit = 1024

  /// The weights so far.
  private(set) var stored: [StoredTensor] = []
  private var names: Set<ByteString> = []
  /// How often each name was given out with a number.
  private var numbers: [ByteString: Int] = [:]

  /// Takes in `tensor` and gives back the name under which it is held: its own, or where another
  /// graph of the model has a weight of that name, the name with a number.
  mutating func insert(_ tensor: StoredTensor) -> String {
    var tensor = tensor
    var name = tensor.info.name
    let key = ByteString(name)
    while !names.insert(ByteString(name)).inserted {
      numbers[key, default: 1] += 1
      name = "\(tensor.info.name)#\(numbers[key, default: 1])"
    }
    tensor.info = TensorInfo(
      name: name, dtype: tensor.info.dtype, shape: tensor.info.shape,
      byteCount: tensor.info.byteCount)
    stored.append(tensor)
    return name
  }

  /// Whether a tensor belongs into the graph itself: strings, what holds shapes and axes, scalars;
  /// of `Constant` nodes whatever is small.
  static func isInline(_ info: TensorInfo, isConstant: Bool) -> Bool {
    if info.dtype == .string { return true }
    guard info.byteCount <= inlineLimit else { return false }
    return isConstant || info.dtype.isInteger || info.dtype == .bool
      || info.shape.elementCount <= 1
  }
}
