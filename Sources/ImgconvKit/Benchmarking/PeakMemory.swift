import Foundation

/// The most memory that the process has held, as the kernel counts it.
public enum PeakMemory {
  /// `VmHWM` of `/proc/self/status`, in bytes; nil where there is no such file.
  public static var byteCount: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
      return nil
    }
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
      Int($0)
    }
    return kibibytes.map { $0 * 1024 }
  }
}
