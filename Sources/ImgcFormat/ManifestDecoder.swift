import FileIO
import ModelGraph
import Tensors

/// Reads a manifest's JSON (R5).
struct ManifestDecoder {
  private let read: ManifestReader

  init(file: String) { read = ManifestReader(file: file) }

  /// The manifest and the content digest it states.
  func decode(_ document: JSONValue) throws(ImgcError) -> (Manifest, contentDigest: String) {
    var root = try read.object(document, "manifest")
    let format = try read.string(try root.required("format"), "format")
    guard format == "imgc" else { throw read.error("format", "\"imgc\"", "\"\(format)\"") }
    let version = try read.int(try root.required("version"), "version")
    guard version == imgcVersion else {
      throw read.error("version", "\(imgcVersion)", "\(version)")
    }
    let digest = try read.digest(try root.required("contentDigest"), "contentDigest")
    let blobs = try read.map(try root.required("blobs"), "blobs", blob)
    let teacher = try root.optional("teacher").map(self.teacher)
    try BaseCheck(read: read, blobs: blobs, hasTeacher: teacher != nil).run()
    let components = try read.map(try root.required("components"), "components") {
      value, field throws(ImgcError) in try component(value, field, blobs)
    }
    let files = try read.map(root.optional("files"), "files") { value, field throws(ImgcError) in
      var entry = try read.object(value, field)
      let path = try read.string(try entry.required("path"), "\(field).path")
      let blob = try reference(try entry.required("blob"), "\(field).blob", blobs.count)
      try entry.finish()
      return Manifest.FileEntry(path: path, blob: blob)
    }
    let provenance = try read.map(root.optional("provenance"), "provenance", step)
    try root.finish()
    return (
      Manifest(
        components: components, files: files, provenance: provenance, blobs: blobs,
        teacher: teacher), digest
    )
  }

  private func teacher(_ value: JSONValue) throws(ImgcError) -> TeacherReference {
    var object = try read.object(value, "teacher")
    let name = try read.string(try object.required("name"), "teacher.name")
    guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.utf8.contains(0)
    else {
      throw read.error("teacher.name", "a file name without a folder", "\"\(name)\"")
    }
    let digest = try read.digest(
      try object.required("contentDigest"), "teacher.contentDigest")
    try object.finish()
    return TeacherReference(name: name, contentDigest: digest)
  }

  private func reference(
    _ value: JSONValue, _ field: String, _ blobCount: Int
  ) throws(ImgcError) -> Int {
    let index = try read.natural(value, field)
    guard index < blobCount else {
      throw read.error(field, "a blob's number below \(blobCount)", "\(index)")
    }
    return index
  }

  private func component(
    _ value: JSONValue, _ field: String, _ blobs: [Manifest.Blob]
  ) throws(ImgcError) -> Manifest.ComponentEntry {
    var object = try read.object(value, field)
    let name = try read.string(try object.required("name"), "\(field).name")
    var role: Role?
    if let value = object.optional("role") {
      let text = try read.string(value, "\(field).role")
      role = Role(rawValue: text)
      if role == nil {
        throw read.error("\(field).role", "teacher or student", "\"\(text)\"")
      }
    }
    var config: Int?
    if let value = object.optional("config") {
      config = try reference(value, "\(field).config", blobs.count)
    }
    let metadata = try read.texts(object.optional("metadata"), "\(field).metadata")
    let graphs = try read.map(object.optional("graphs"), "\(field).graphs") {
      value, field throws(ImgcError) in
      try GraphDecoder(read: read).graph(value, field, depth: 0)
    }
    let quantized = try read.map(
      object.optional("quantization"), "\(field).quantization", quantization)
    let tensors = try read.map(try object.required("tensors"), "\(field).tensors") {
      value, field throws(ImgcError) in try tensor(value, field, blobs)
    }
    try object.finish()
    var entries: [String: TensorQuantization] = [:]
    for (name, entry) in quantized {
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw read.error("\(field).quantization", "each tensor once", "\(name) twice")
      }
    }
    return Manifest.ComponentEntry(
      name: name, role: role, config: config, metadata: metadata, graphs: graphs,
      quantization: entries, tensors: tensors)
  }

  private func tensor(
    _ value: JSONValue, _ field: String, _ blobs: [Manifest.Blob]
  ) throws(ImgcError) -> Manifest.Entry {
    var object = try read.object(value, field)
    let name = try read.string(try object.required("name"), "\(field).name")
    let dtype = try read.dtype(try object.required("dtype"), "\(field).dtype")
    let shape = try read.shape(try object.required("shape"), "\(field).shape")
    let blob = try reference(try object.required("blob"), "\(field).blob", blobs.count)
    try object.finish()
    // R10: the shape and the type take the blob's bytes exactly; strings take what they take.
    let size = blobs[blob].size
    let expected = dtype.packedByteCount(elementCount: shape.elementCount) ?? size
    guard dtype == .string || expected == size else {
      throw read.error(
        "\(field) \(name)", "\(expected) bytes for \(dtype.name) \(shape)", "\(size)")
    }
    guard size == 0 || PlaneLayout(dtype) == blobs[blob].layout else {
      throw read.error(
        "\(field) \(name)", "planes of \(dtype.name)",
        "width \(blobs[blob].layout.width), rotate \(blobs[blob].layout.rotate)")
    }
    return Manifest.Entry(
      info: TensorInfo(name: name, dtype: dtype, shape: shape, byteCount: size), blob: blob)
  }

  private func quantization(
    _ value: JSONValue, _ field: String
  ) throws(ImgcError) -> (String, TensorQuantization) {
    var object = try read.object(value, field)
    let tensor = try read.string(try object.required("tensor"), "\(field).tensor")
    let original = try read.dtype(try object.required("originalType"), "\(field).originalType")
    let granularity = try granularity(
      try object.required("granularity"), "\(field).granularity")
    let scale = try read.string(try object.required("scale"), "\(field).scale")
    var zeroPoint: String?
    if let value = object.optional("zeroPoint") {
      zeroPoint = try read.string(value, "\(field).zeroPoint")
    }
    let symmetric = try read.bool(try object.required("symmetric"), "\(field).symmetric")
    try object.finish()
    return (
      tensor,
      TensorQuantization(
        originalType: original, granularity: granularity, scale: scale, zeroPoint: zeroPoint,
        isSymmetric: symmetric)
    )
  }

  private func granularity(
    _ value: JSONValue, _ field: String
  ) throws(ImgcError) -> Granularity {
    if value.string == "tensor" { return .tensor }
    var object = try read.object(value, field)
    defer { _ = object.takeRest() }
    if let axis = object.optional("channel") {
      try object.finish()
      return .channel(axis: try read.natural(axis, "\(field).channel"))
    }
    let axis = try read.natural(try object.required("group"), "\(field).group")
    let size = try read.natural(try object.required("size"), "\(field).size")
    try object.finish()
    guard size >= 1 else { throw read.error("\(field).size", "at least 1", "0") }
    return .group(axis: axis, size: size)
  }

  private func step(_ value: JSONValue, _ field: String) throws(ImgcError) -> ProvenanceStep {
    var object = try read.object(value, field)
    var step = ProvenanceStep(
      action: try read.string(try object.required("action"), "\(field).action"),
      tool: try read.string(try object.required("tool"), "\(field).tool"),
      options: try read.texts(object.optional("options"), "\(field).options"))
    step.inputs = try read.map(object.optional("inputs"), "\(field).inputs") {
      value, field throws(ImgcError) in
      var input = try read.object(value, field)
      let name = try read.string(try input.required("name"), "\(field).name")
      let digest = try read.digest(try input.required("sha256"), "\(field).sha256")
      let size = try read.natural(try input.required("size"), "\(field).size")
      try input.finish()
      return ProvenanceStep.Input(name: name, sha256: digest, byteCount: UInt64(size))
    }
    step.notes = try read.map(object.optional("notes"), "\(field).notes") {
      value, field throws(ImgcError) in try read.string(value, field)
    }
    if let value = object.optional("timestamp") {
      step.timestamp = Int64(try read.int(value, "\(field).timestamp"))
    }
    try object.finish()
    return step
  }

  private func blob(_ value: JSONValue, _ field: String) throws(ImgcError) -> Manifest.Blob {
    var object = try read.object(value, field)
    let size = try read.natural(try object.required("size"), "\(field).size")
    let digest = try read.digest(try object.required("sha256"), "\(field).sha256")
    let layout = PlaneLayout(
      width: try read.natural(try object.required("width"), "\(field).width"),
      rotate: try read.natural(try object.required("rotate"), "\(field).rotate"))
    guard layout.isKnown else {
      throw read.error(
        field, "a width and rotation of the format",
        "width \(layout.width), rotate \(layout.rotate)")
    }
    guard size % layout.width == 0 else {
      throw read.error("\(field).size", "whole elements of \(layout.width) bytes", "\(size)")
    }
    var base: Int?
    if let value = object.optional("base") { base = try read.natural(value, "\(field).base") }
    let teacherBlob = try object.optional("teacherBlob").map { value throws(ImgcError) in
      try read.digest(value, "\(field).teacherBlob")
    }
    let chunks = try read.map(try object.required("chunks"), "\(field).chunks") {
      value, field throws(ImgcError) in try chunk(value, field, layout)
    }
    try object.finish()
    let expected = size / ChunkCodec.chunkSize + (size % ChunkCodec.chunkSize == 0 ? 0 : 1)
    guard chunks.count == expected else {
      throw read.error(
        "\(field).chunks", "\(expected) for \(size) bytes", "\(chunks.count)")
    }
    return Manifest.Blob(
      size: size, sha256: digest, layout: layout, base: base, teacherBlob: teacherBlob,
      chunks: chunks)
  }

  private func chunk(
    _ value: JSONValue, _ field: String, _ layout: PlaneLayout
  ) throws(ImgcError) -> Manifest.Chunk {
    var object = try read.object(value, field)
    let offset = try read.natural(try object.required("offset"), "\(field).offset")
    let planes = try read.map(try object.required("planes"), "\(field).planes") {
      value, field throws(ImgcError) in
      let size = try read.natural(value, field)
      guard size <= 2 * ChunkCodec.chunkSize else {
        throw .limit(
          file: read.file, field: field, expected: "at most \(2 * ChunkCodec.chunkSize) bytes",
          found: "\(size)")
      }
      return size
    }
    guard planes.count == layout.width else {
      throw read.error("\(field).planes", "\(layout.width)", "\(planes.count)")
    }
    let checksum = try read.checksum(try object.required("xxh64"), "\(field).xxh64")
    var isDifference = false
    if let value = object.optional("difference") {
      isDifference = try read.bool(value, "\(field).difference")
    }
    try object.finish()
    return Manifest.Chunk(
      offset: UInt64(offset), planes: planes, xxh64: checksum, isDifference: isDifference)
  }
}
