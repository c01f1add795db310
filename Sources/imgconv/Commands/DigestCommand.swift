import ArgumentParser
import FileIO
import ImgconvKit

/// `imgconv digest`.
struct DigestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest",
    abstract: "List files by SHA-256, in the form that sha256sum -c checks.",
    discussion: """
      With --content, native files are listed by their content digest, which stays the same \
      whatever the compressor: the digest that verify --expect-digest takes.
      """)

  @Argument(help: "The files.")
  var files: [String]

  @Flag(help: "List content digests of .imgc files instead of digests of their bytes.")
  var content = false

  @Option(name: .shortAndLong, help: "Write the list here.")
  var output: String?

  @OptionGroup var outputOptions: OutputOptions

  mutating func run() throws {
    let entries = try DigestJob(paths: files, usesContent: content).run()
    let text = entries.map(\.line).joined(separator: "\n")
    guard let output else { return print(text) }
    let file = try OutputFile(path: output, policy: outputOptions.policy)
    try file.write(Array("\(text)\n".utf8))
    try file.publish()
  }
}
