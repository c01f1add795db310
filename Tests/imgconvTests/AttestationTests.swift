import Foundation
import TestSupport
import Testing

@Suite("Digests and attestations", .enabled(if: CommandLine.isBuilt))
struct AttestationTests {
  private let folder: TemporaryFolder
  private let artifact: String

  init() throws {
    folder = try TemporaryFolder()
    artifact = folder.path(of: "student.imgc")
    let source = SharedMaterial.fixture("digits/student.onnx")
    let imported = try CommandLine.run("import", source, "-o", artifact)
    try #require(imported.status == 0, "\(imported.errors)")
  }

  private func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("sha256sum -c accepts the list of digests")
  func sha256sum() throws {
    let list = folder.path(of: "SHA256SUMS")
    #expect(try CommandLine.run("digest", artifact, "-o", list).status == 0)
    let check = Process()
    check.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
    check.arguments = ["-c", "--quiet", list]
    try check.run()
    check.waitUntilExit()
    #expect(check.terminationStatus == 0)
  }

  @Test("verify takes the candidate with the expected digest and refuses another by both digests")
  func expectDigest() throws {
    let content = try CommandLine.run("digest", "--content", artifact)
    let digest = String(content.output.prefix(64))
    let golden = SharedMaterial.fixture("digits/student.golden.safetensors")
    let right = try CommandLine.run(
      "verify", artifact, "--reference", artifact, "--inputs", golden, "--expect-digest", digest)
    #expect(right.status == 0, "\(right.errors)")
    let wrong = try CommandLine.run(
      "verify", artifact, "--reference", artifact, "--inputs", golden, "--expect-digest",
      String(repeating: "0", count: 64))
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("found \(digest)"), "\(wrong.errors)")
  }

  @Test("the statement names the artifact, its inputs and the report by digest")
  func statement() throws {
    let report = try folder.write("report.json", Array("{}".utf8))
    let path = folder.path(of: "statement.json")
    let bom = folder.path(of: "bom.json")
    let made = try CommandLine.run(
      "attest", artifact, "-o", path, "--bom", bom, "--report", report)
    #expect(made.status == 0, "\(made.errors)")
    let statement = try object(path)
    #expect(statement["_type"] as? String == "https://in-toto.io/Statement/v1")
    let subject = try #require((statement["subject"] as? [[String: Any]])?.first)
    let listed = try CommandLine.run("digest", artifact)
    #expect((subject["digest"] as? [String: String])?["sha256"] == String(listed.output.prefix(64)))
    let predicate = try #require(statement["predicate"] as? [String: Any])
    let definition = try #require(predicate["buildDefinition"] as? [String: Any])
    let inputs = try #require(definition["resolvedDependencies"] as? [[String: Any]])
    #expect(inputs.map { $0["name"] as? String } == ["student.onnx"])
    let details = try #require(predicate["runDetails"] as? [String: Any])
    let products = try #require(details["byproducts"] as? [[String: Any]])
    #expect(
      (products.first?["digest"] as? [String: String])?["sha256"]
        == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
    let component = try #require(
      (try object(bom)["metadata"] as? [String: Any])?["component"] as? [String: Any])
    #expect(component["type"] as? String == "machine-learning-model")
  }

  @Test("attest takes native files alone")
  func otherFormat() throws {
    let source = SharedMaterial.fixture("digits/student.onnx")
    let refused = try CommandLine.run("attest", source, "-o", folder.path(of: "x.json"))
    #expect(refused.status == 64)
    #expect(refused.errors.contains("expected a native file (.imgc)"))
  }
}
