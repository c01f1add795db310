/// How a file is put into place.
public struct OutputPolicy: Sendable, Hashable {
  /// Whether a file that is there already may be replaced (`--force`).
  public var replacesExisting: Bool
  /// Whether the file gets its name only once the disk holds its bytes (not with `--no-sync`). If
  /// not, the system writes it out in its own time, as it does for most programs: a loss of power
  /// or an error of the disk soon afterwards can leave a file with bytes missing.
  public var waitsForDisk: Bool

  /// A policy; by default nothing is replaced, and the disk is waited for.
  public init(replacesExisting: Bool = false, waitsForDisk: Bool = true) {
    self.replacesExisting = replacesExisting
    self.waitsForDisk = waitsForDisk
  }

  /// Replaces what is there, and waits for the disk.
  public static let replacing = OutputPolicy(replacesExisting: true)
}
