import Architectures
import Testing

@Suite struct ArchitectureErrorTests {
  @Test func unknownClassNamesTheFileAndWhatIsKnown() {
    let error = ArchitectureError.unknownClass(file: "config.json", name: "X\n", known: ["A", "B"])
    #expect(
      error.description == #"config.json: _class_name: expected one of A, B, found X\n"#)
  }
}
