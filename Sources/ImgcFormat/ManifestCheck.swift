import Crypto
import FileIO
import ModelGraph
import Tensors

/// Checks what a manifest says against itself and against the file's layout (R6, R10, R12 to R14).
struct ManifestCheck {
  let file: String
  let manifest: Manifest

  private static let maximumEntries = 10_000_000

  func run(contentDigest: String, manifestOffset: UInt64) throws(ImgcError) {
    try checkLimits()
    try checkLayout(manifestOffset)
    try checkNames()
    for component in manifest.components { try check(component) }
    let found = hexadecimal(SHA256.hash(data: ManifestEncoder(manifest: manifest).contentText()))
    guard found == contentDigest else {
      throw .digest(
        file: file, offset: manifestOffset, place: "manifest: content", expected: contentDigest,
        found: found)
    }
  }

  private func error(_ field: String, _ expected: String, _ found: String) -> ImgcError {
    .manifest(file: file, field: field, expected: expected, found: found)
  }

  private func checkLimits() throws(ImgcError) {
    let count = manifest.components.reduce(0) { sum, component in
      sum + component.tensors.count + component.graphs.reduce(0) { $0 + $1.nodes.count }
    }
    guard count <= Self.maximumEntries else {
      throw .limit(
        file: file, field: "tensors and nodes", expected: "at most \(Self.maximumEntries)",
        found: "\(count)")
    }
  }

  /// Frames follow one another from the header to the manifest.
  private func checkLayout(_ manifestOffset: UInt64) throws(ImgcError) {
    var position = UInt64(HeaderSection.size)
    for (index, blob) in manifest.blobs.enumerated() {
      for (number, chunk) in blob.chunks.enumerated() {
        let field = "blobs[\(index)].chunks[\(number)]"
        guard chunk.offset == position else {
          throw error("\(field).offset", "\(position)", "\(chunk.offset)")
        }
        let (end, overflow) = position.addingReportingOverflow(UInt64(chunk.storedSize))
        guard !overflow, end <= manifestOffset else {
          throw error("\(field).planes", "frames before \(manifestOffset)", "\(chunk.storedSize)")
        }
        position = end
      }
    }
    guard position == manifestOffset else {
      throw error("blobs", "frames up to \(manifestOffset)", "frames up to \(position)")
    }
  }

  private func checkNames() throws(ImgcError) {
    var labels: Set<ByteString> = []
    for component in manifest.components {
      let label = "\(component.role?.rawValue ?? "")\u{0}\(component.name)"
      guard labels.insert(ByteString(label)).inserted else {
        throw error("components", "each role and name once", "\(component.name) twice")
      }
      var names: Set<ByteString> = []
      for tensor in component.tensors
      where !names.insert(ByteString(tensor.info.name)).inserted {
        throw error("\(component.name).tensors", "each name once", "\(tensor.info.name) twice")
      }
    }
    // Every blob is somebody's, so that no bytes hide in the file.
    var used = Set(manifest.files.map(\.blob))
    for component in manifest.components {
      used.formUnion(component.tensors.map(\.blob))
      if let config = component.config { used.insert(config) }
    }
    if let unused = manifest.blobs.indices.first(where: { !used.contains($0) }) {
      throw error("blobs[\(unused)]", "a tensor or file that uses it", "none")
    }
  }
}

extension ManifestCheck {
  private func check(_ component: Manifest.ComponentEntry) throws(ImgcError) {
    let tensors = Dictionary(
      component.tensors.map { (ByteString($0.info.name), $0.info) },
      uniquingKeysWith: { first, _ in first })
    for (name, entry) in component.quantization.sorted(by: { $0.key < $1.key }) {
      try check(name, entry, tensors, component.name)
    }
    for graph in component.graphs {
      do {
        try graph.validate()
      } catch {
        throw self.error("\(component.name).graphs", "a valid graph", "\(error)")
      }
      try checkWeights(graph, tensors, component.name)
    }
  }

  private func checkWeights(
    _ graph: Graph, _ tensors: [ByteString: TensorInfo], _ component: String
  ) throws(ImgcError) {
    for initializer in graph.initializers {
      guard let name = initializer.weightName else { continue }
      let field = "\(component).graphs.\(graph.name).\(initializer.name)"
      guard let info = tensors[ByteString(name)] else {
        throw error(field, "the tensor \(name)", "no such tensor")
      }
      guard info.dtype == initializer.dtype, info.shape == initializer.shape else {
        throw error(
          field, "\(info.dtype.name) \(info.shape)",
          "\(initializer.dtype.name) \(initializer.shape)")
      }
    }
    for node in graph.nodes {
      for body in node.subgraphs { try checkWeights(body, tensors, component) }
    }
  }

  private func check(
    _ name: String, _ entry: TensorQuantization, _ tensors: [ByteString: TensorInfo],
    _ component: String
  ) throws(ImgcError) {
    let field = "\(component).quantization.\(name)"
    guard let values = tensors[ByteString(name)] else {
      throw error(field, "a tensor of that name", "none")
    }
    guard let shape = entry.granularity.scaleShape(for: values.shape) else {
      throw error(
        "\(field).granularity", "an axis below \(values.shape.rank)", "\(entry.granularity)")
    }
    guard let scale = tensors[ByteString(entry.scale)], scale.shape == shape,
      scale.dtype.isFloatingPoint
    else {
      throw error(
        "\(field).scale", "a floating-point tensor of shape \(shape)",
        tensors[ByteString(entry.scale)].map { "\($0.dtype.name) \($0.shape)" } ?? "none")
    }
    guard let zeroPoint = entry.zeroPoint else { return }
    guard let points = tensors[ByteString(zeroPoint)], points.shape == shape,
      points.dtype == values.dtype
    else {
      throw error(
        "\(field).zeroPoint", "\(values.dtype.name) \(shape)",
        tensors[ByteString(zeroPoint)].map { "\($0.dtype.name) \($0.shape)" } ?? "none")
    }
  }
}
