import FileIO
import ModelGraph
import Tensors

/// What a native file says about itself: everything but the tensors' bytes.
struct Manifest: Sendable {
  /// A part of a blob: frames of its planes.
  struct Chunk: Sendable {
    /// Where the first frame begins in the file.
    let offset: UInt64
    /// The sizes of the frames, in order.
    let planes: [Int]
    /// The XXH64 of the frames' bytes together.
    let xxh64: UInt64
    /// Whether the planes are those of the difference to the base's chunk.
    var isDifference = false

    /// The bytes of all frames; `Int.max` where their sum exceeds it.
    var storedSize: Int {
      planes.reduce(0) { sum, size in
        let (total, overflow) = sum.addingReportingOverflow(size)
        return overflow ? .max : total
      }
    }
  }

  /// Plain bytes stored once.
  struct Blob: Sendable {
    /// How many plain bytes there are.
    let size: Int
    /// Their SHA-256.
    let sha256: String
    /// How they are split into planes.
    let layout: PlaneLayout
    /// The number of an earlier blob to which chunks may be differences.
    var base: Int?
    /// The SHA-256 of a blob of the teacher's file to which chunks may be differences.
    var teacherBlob: String?
    /// Where they are.
    let chunks: [Chunk]
  }

  /// A tensor and its blob.
  struct Entry: Sendable {
    let info: TensorInfo
    let blob: Int
  }

  /// A component without its weights' bytes.
  struct ComponentEntry: Sendable {
    let name: String
    let role: Role?
    let config: Int?
    let metadata: [String: String]
    let graphs: [Graph]
    let quantization: [String: TensorQuantization]
    let tensors: [Entry]
  }

  /// A file that travels along.
  struct FileEntry: Sendable {
    let path: String
    let blob: Int
  }

  var components: [ComponentEntry]
  var files: [FileEntry]
  var provenance: [ProvenanceStep]
  var blobs: [Blob]
  /// The file that holds the blobs to which chunks are differences, if any are.
  var teacher: TeacherReference?
}
