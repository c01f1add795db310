/// Checks to what blobs are differences (R7).
struct BaseCheck {
  let read: ManifestReader
  let blobs: [Manifest.Blob]
  /// Whether the manifest names a teacher's file.
  let hasTeacher: Bool

  /// A base is an earlier blob of the same size and layout that has no base itself, or a blob of the
  /// teacher's file; a teacher is named where one is needed, and only there.
  func run() throws(ImgcError) {
    for index in blobs.indices { try check(index) }
    let needsTeacher = blobs.contains { $0.teacherBlob != nil }
    guard needsTeacher == hasTeacher else {
      throw read.error(
        "teacher", needsTeacher ? "the file of the teacher's blobs" : "a blob that needs it",
        hasTeacher ? "no blob that needs it" : "nothing")
    }
  }

  private func check(_ index: Int) throws(ImgcError) {
    let blob = blobs[index]
    let field = "blobs[\(index)].base"
    guard blob.base == nil || blob.teacherBlob == nil else {
      throw read.error(field, "one base", "another one in the teacher's file")
    }
    guard let base = blob.base else {
      guard blob.teacherBlob != nil || !blob.chunks.contains(where: \.isDifference) else {
        throw read.error(field, "a base for differences", "nothing")
      }
      return
    }
    guard base < index, blobs[base].size == blob.size, blobs[base].layout == blob.layout,
      blobs[base].base == nil, blobs[base].teacherBlob == nil
    else {
      throw read.error(field, "an earlier blob of this size and layout without a base", "\(base)")
    }
  }
}
