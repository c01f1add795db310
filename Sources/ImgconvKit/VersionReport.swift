import Kernels

/// What the tool is made of: its version and the kernels it chose on this machine.
public struct VersionReport: Sendable {
  /// The tool's version, as in CHANGELOG.md.
  public static let version = "0.1.0"

  /// Looks at the machine.
  public init() {}

  /// One line: version, instruction set, OpenBLAS core.
  public var summary: String {
    "imgconv \(Self.version) (kernels \(instructionSet), OpenBLAS \(openBLASCore))"
  }

  /// A line for each part.
  public var detailed: String {
    """
    imgconv \(Self.version)
    kernels: \(instructionSet) (this CPU runs \(supported))
    threads: \(Parallel.threadCount)
    OpenBLAS: \(openBLASDescription)
    """
  }

  private var instructionSet: String {
    do { return "\(try InstructionSet.current)" } catch { return "\(error)" }
  }

  private var supported: String {
    InstructionSet.supported.map(\.description).joined(separator: ", ")
  }

  private var openBLASCore: String {
    do { return try OpenBLAS.shared.coreName } catch { return "not available" }
  }

  private var openBLASDescription: String {
    do {
      let library = try OpenBLAS.shared
      return "core \(library.coreName); \(library.configuration)"
    } catch {
      return "\(error)"
    }
  }
}
