import FileIO
import Foundation
import TestSupport
import Testing

@Suite("bench and run --profile, with the real program", .enabled(if: CommandLine.isBuilt))
struct BenchTests {
  private let student = SharedMaterial.fixture("digits/student.onnx")
  private let golden = SharedMaterial.fixture("digits/student.golden.safetensors")

  @Test("bench tells runs, statistics, memory and operations as JSON")
  func bench() throws {
    let result = try CommandLine.run("bench", student, "--runs", "3", "--json", "--threads", "1")
    #expect(result.status == 0, "\(result.errors)")
    let json = try JSONParser().parse(Array(result.output.utf8))
    let seconds = (json["seconds"]?.elements ?? []).compactMap(\.double)
    try #require(seconds.count == 3)
    #expect(seconds == seconds.sorted() && seconds[0] > 0)
    #expect(json["medianSeconds"]?.double == seconds[1])
    #expect(json["minimumSeconds"]?.double == seconds[0])
    let peak = json["peakBytes"]?.int ?? 0
    #expect(peak > 1 << 20)
    let operations = json["operations"]?.double ?? 0
    #expect(operations > 1e6)
    #expect(json["threads"]?.int == 1)
  }

  @Test("a free dimension is set by name; a name that is none is refused with those there are")
  func dimensions() throws {
    func operations(_ batch: String) throws -> Double {
      let result = try CommandLine.run(
        "bench", student, "--runs", "1", "--warmup", "0", "--json", "--dim", "batch=\(batch)")
      #expect(result.status == 0, "\(result.errors)")
      return try JSONParser().parse(Array(result.output.utf8))["operations"]?.double ?? 0
    }
    let (one, three) = (try operations("1"), try operations("3"))
    #expect(three == 3 * one)
    let refused = try CommandLine.run("bench", student, "--dim", "depth=3")
    #expect(refused.status == 64 && refused.errors.contains("batch"), "\(refused.errors)")
    let text = try CommandLine.run("bench", student, "--dim", "batch=none")
    let none = try CommandLine.run("bench", student, "--runs", "0")
    #expect(text.status == 64 && none.status == 64)
  }

  @Test("run --profile prints operators and nodes, --trace writes a Chrome trace")
  func profile() throws {
    let folder = try TemporaryFolder()
    let trace = folder.path(of: "trace.json")
    let result = try CommandLine.run(
      "run", student, "--inputs", golden, "--profile", "--trace", trace)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("operator") && result.output.contains("Conv"))
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: trace)))
    let json = try JSONParser().parse(bytes)
    let count = json["traceEvents"]?.elements?.count ?? 0
    #expect(count > 50)
    let again = try CommandLine.run("run", student, "--inputs", golden, "--trace", trace)
    #expect(again.status == 2 && again.errors.contains("exists already"))
  }
}
