import Crypto
import FileIO

/// The manifest of a file, found by its footer.
struct ManifestSection {
  /// The parsed JSON.
  let document: JSONValue
  /// Where the manifest's frame begins.
  let offset: UInt64

  private static let maximumSize: UInt64 = 512 << 20

  /// Reads header, footer and manifest (R1 to R4).
  init(_ file: InputFile) throws(ImgcError) {
    do {
      self = try Self.read(file)
    } catch let error as FileIOError {
      throw .file(error)
    } catch let error as ImgcError {
      throw error
    } catch {
      throw .manifest(file: file.path, field: "file", expected: "a native file", found: "\(error)")
    }
  }

  private init(document: JSONValue, offset: UInt64) {
    self.document = document
    self.offset = offset
  }

  private static func read(_ file: InputFile) throws -> ManifestSection {
    let least = UInt64(HeaderSection.size + FooterSection.size)
    let prefix = try file.bytes(at: 0, count: Int(min(file.size, UInt64(HeaderSection.size))))
    guard file.size >= least, prefix.count == HeaderSection.size else {
      throw ImgcError.section(
        file: file.path, offset: 0, section: "file", field: "size",
        expected: "at least \(least) bytes", found: "\(file.size)")
    }
    try HeaderSection.check(prefix, file: file.path)
    let footer = try FooterSection(
      file.bytes(
        at: file.size - UInt64(FooterSection.size), count: FooterSection.size),
      file: file.path, fileSize: file.size)
    return ManifestSection(
      document: try document(file, footer), offset: footer.manifestOffset)
  }

  private static func document(_ file: InputFile, _ footer: FooterSection) throws -> JSONValue {
    guard footer.manifestPlainSize <= maximumSize,
      footer.manifestPlainSize <= 64 << 20 + 200 * min(footer.manifestSize, maximumSize)
    else {
      throw ImgcError.limit(
        file: file.path, field: "manifestPlainSize",
        expected: "at most \(maximumSize) bytes, and 64 MiB and 200 times the stored size",
        found: "\(footer.manifestPlainSize)")
    }
    let frame = try file.bytes(at: footer.manifestOffset, count: Int(footer.manifestSize))
    let digest = Array(SHA256.hash(data: frame))
    guard digest == footer.manifestDigest else {
      throw ImgcError.digest(
        file: file.path, offset: footer.manifestOffset, place: "manifest",
        expected: hexadecimal(footer.manifestDigest), found: hexadecimal(digest))
    }
    var plain = [UInt8](repeating: 0, count: Int(footer.manifestPlainSize))
    try plain.withUnsafeMutableBytes { target in
      try frame.withUnsafeBytes { source in
        try ZstdFrame(file: file.path, offset: footer.manifestOffset, place: "manifest")
          .decode(source, into: target, with: ZstdDecompressor())
      }
    }
    do {
      return try JSONParser().parse(plain)
    } catch {
      throw ImgcError.manifestText(file: file.path, offset: footer.manifestOffset, error)
    }
  }
}
