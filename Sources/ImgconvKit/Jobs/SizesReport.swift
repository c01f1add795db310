import FileIO
import ImgcFormat
import Tensors

/// Where the bytes of a native file are.
public struct SizesReport: Sendable {
  /// The tensors of one component and type.
  public struct Row: Sendable {
    /// The component's label.
    public var component: String
    /// The name of the type.
    public var type: String
    /// How many tensors there are.
    public var tensorCount = 0
    /// Their plain bytes.
    public var byteCount = 0
    /// Their bytes in the file, those stored once counted once.
    public var storedSize = 0
  }

  /// The size of the file in bytes.
  public var fileSize: UInt64
  /// Every tensor.
  public var tensors: [StoredTensor]
  /// The file that tensors are differences to, if any are.
  public var teacher: TeacherReference?

  /// Looks at the native file at `path`.
  ///
  /// - Throws: `ImgcError`, `FileIOError`.
  public init(path: String) throws {
    let file = try ImgcFile(path: path)
    fileSize = try InputFile(path: path).size
    tensors = file.storedTensors
    teacher = file.teacher
  }
}

extension SizesReport {
  /// One row for each component and type, in the order of their first tensors.
  public var rows: [Row] {
    var rows: [Row] = []
    for tensor in tensors {
      let index =
        rows.firstIndex {
          $0.component == tensor.component && $0.type == tensor.info.dtype.name
        } ?? rows.count
      if index == rows.count {
        rows.append(Row(component: tensor.component, type: tensor.info.dtype.name))
      }
      rows[index].tensorCount += 1
      rows[index].byteCount += tensor.info.byteCount
      rows[index].storedSize += tensor.isRepeated ? 0 : tensor.storedSize
    }
    return rows
  }

  /// How many tensors equal an earlier one.
  public var repeatedCount: Int { tensors.count { $0.isRepeated } }

  /// The stored bytes that those would take again.
  public var repeatedSize: Int {
    tensors.reduce(0) { $0 + ($1.isRepeated ? $1.storedSize : 0) }
  }

  /// How many tensors are differences to others.
  public var differenceCount: Int { tensors.count { $0.isDifference && !$0.isRepeated } }

  /// The bytes of all that is no tensor: configurations, files, the index.
  public var otherSize: Int {
    Int(fileSize) - tensors.reduce(0) { $0 + ($1.isRepeated ? 0 : $1.storedSize) }
  }
}
