import Foundation
import TestSupport
import Testing

@Suite("The main job, with the real program", .enabled(if: CommandLine.isBuilt))
struct MainJobTests {
  private let student = SharedMaterial.fixture("digits/student.onnx")
  private let golden = SharedMaterial.fixture("digits/student.golden.safetensors")

  @Test("import, quantize and verify the digits student; a gate of 90 dB fails it by name")
  func mainJob() throws {
    let folder = try TemporaryFolder()
    let artifact = folder.path(of: "student.imgc")
    let quantized = folder.path(of: "int8.imgc")
    let imported = try CommandLine.run("import", student, "-o", artifact, "--role", "student")
    #expect(imported.status == 0, "\(imported.errors)")
    let converted = try CommandLine.run("quantize", artifact, "--weights", "int8", "-o", quantized)
    #expect(converted.status == 0, "\(converted.errors)")
    #expect(converted.output.contains("186 tensors: 65 converted, 121 kept"))
    let image = folder.path(of: "images.png")
    let report = folder.path(of: "report.json")
    let passed = try CommandLine.run(
      "verify", quantized, "--reference", artifact, "--inputs", golden, "--images", image,
      "--json", report)
    #expect(passed.status == 0, "\(passed.output)\(passed.errors)")
    #expect(passed.output.contains("PASS: 1 of 1"))
    let png = try Data(contentsOf: URL(fileURLWithPath: image))
    #expect(png.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    #expect(try Data(contentsOf: URL(fileURLWithPath: report)).count > 100)
    let failed = try CommandLine.run(
      "verify", quantized, "--reference", artifact, "--inputs", golden, "--min-psnr", "90")
    #expect(failed.status == 1)
    #expect(failed.output.contains("out_sample: sample 0: PSNR"))
    #expect(failed.output.contains("below the limit of 90.00 dB"))
  }

  @Test("the student gives PyTorch's output within 1e-4 of its range")
  func runAgainstGolden() throws {
    let result = try CommandLine.run("run", student, "--inputs", golden, "--expect", golden)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  @Test("two imports give the same bytes, with one thread and with two")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    for threads in ["1", "2"] {
      let result = try CommandLine.run(
        "import", student, "-o", folder.path(of: threads), "--threads", threads)
      #expect(result.status == 0, "\(result.errors)")
    }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder.path(of: "1")))
        == Data(contentsOf: URL(fileURLWithPath: folder.path(of: "2"))))
  }

  @Test("an output that is not waited for is the same, and neither replaced nor left half done")
  func unsynced() throws {
    let folder = try TemporaryFolder()
    let (waited, unsynced) = (folder.path(of: "waited"), folder.path(of: "unsynced"))
    #expect(try CommandLine.run("import", student, "-o", waited).status == 0)
    #expect(try CommandLine.run("import", student, "-o", unsynced, "--no-sync").status == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: waited))
        == Data(contentsOf: URL(fileURLWithPath: unsynced)))
    let again = try CommandLine.run("import", student, "-o", unsynced, "--no-sync")
    #expect(again.status == 2 && again.errors.contains("exists already; give --force"))
    #expect(
      try CommandLine.run("import", student, "-o", unsynced, "--no-sync", "--force").status == 0)
    #expect(folder.names == ["unsynced", "waited"])
  }

  @Test("an output that exists, a missing file, another format, and a wrong option")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let existing = try folder.write("there.imgc", [1])
    let kept = try CommandLine.run("import", student, "-o", existing)
    #expect(kept.status == 2 && kept.errors.contains("exists already; give --force"))
    let missing = try CommandLine.run(
      "import", folder.path(of: "none.onnx"), "-o", folder.path(of: "x.imgc"))
    #expect(missing.status == 2 && missing.errors.contains("No such file"))
    let html = try folder.write("page.bin", Array("<!DOCTYPE html><html>".utf8))
    let page = try CommandLine.run("import", html, "-o", folder.path(of: "x.imgc"))
    #expect(page.status == 2 && page.errors.contains("an HTML page"))
    #expect(try CommandLine.run("quantize", existing, "--weights", "int9").status == 64)
    #expect(folder.names == ["page.bin", "there.imgc"])
  }

  @Test("inspect --verify finds a damaged weight and names it")
  func damagedArtifact() throws {
    let folder = try TemporaryFolder()
    let artifact = folder.path(of: "student.imgc")
    #expect(try CommandLine.run("import", student, "-o", artifact).status == 0)
    let sound = try CommandLine.run("inspect", artifact, "--verify")
    #expect(sound.status == 0 && sound.output.contains("every digest holds"))
    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: artifact)))
    bytes[bytes.count / 2] ^= 1
    let damaged = try CommandLine.run("inspect", try folder.write("damaged", bytes), "--verify")
    #expect(damaged.status == 2 && damaged.errors.contains("tensor "), "\(damaged.errors)")
  }

  @Test("--version names the kernels and the OpenBLAS core")
  func version() throws {
    let result = try CommandLine.run("--version")
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("imgconv 0.1.0 (kernels "))
    #expect(result.output.contains("OpenBLAS "))
  }
}
