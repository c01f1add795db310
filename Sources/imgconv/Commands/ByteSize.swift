import ArgumentParser

/// A size in bytes as people write it: `2GB` (10⁹), `512MiB` (2²⁰), `100000`.
struct ByteSize: ExpressibleByArgument {
  /// The number of bytes, at least 1.
  let byteCount: UInt64

  private static let units: [(suffix: String, factor: UInt64)] = [
    ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("tib", 1 << 40), ("kb", 1000),
    ("mb", 1_000_000), ("gb", 1_000_000_000), ("tb", 1_000_000_000_000), ("b", 1),
  ]

  init?(argument: String) {
    let text = argument.lowercased()
    let unit = Self.units.first { text.hasSuffix($0.suffix) }
    let digits = text.dropLast(unit?.suffix.count ?? 0)
    guard let number = UInt64(digits) else { return nil }
    let (count, overflow) = number.multipliedReportingOverflow(by: unit?.factor ?? 1)
    guard !overflow, count > 0, count <= UInt64(Int64.max) else { return nil }
    byteCount = count
  }
}
