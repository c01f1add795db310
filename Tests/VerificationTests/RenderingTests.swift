import Foundation
import Testing
import Verification

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Forms of a report")
struct RenderingTests {
  private func text(_ report: VerificationReport, _ format: ReportFormat) throws -> String {
    String(decoding: try report.rendered(as: format), as: UTF8.self)
  }

  @Test("JUnit XML is well-formed and counts what fails")
  func junit() throws {
    var report = try Reports.report([20, 50])
    report.candidate.name = "a<&\"b"
    let document = try XMLDocument(xmlString: try text(report, .junit))
    let root = try #require(document.rootElement())
    #expect(root.name == "testsuites")
    #expect(root.attribute(forName: "tests")?.stringValue == "1")
    #expect(root.attribute(forName: "failures")?.stringValue == "1")
    let failure = try #require(try root.nodes(forXPath: "//testcase[@name='image']/failure").first)
    #expect(
      failure.stringValue == "sample 0: PSNR 20.00 dB is 10.00 dB below the limit of 30.00 dB")
  }

  @Test("Markdown opens with the verdict and escapes bars in tables")
  func markdown() throws {
    var report = try Reports.report([50])
    report.measurements[0].subject.name = "a|b"
    report.judgement = report.policy.judge(
      report.measurements, precisions: report.precisions, on: Reports.day)
    let text = try text(report, .markdown)
    #expect(text.hasPrefix("### ✅ imgconv verify: PASS\n"))
    #expect(text.contains(#"| a\|b | 1 | 50.00 dB |"#))
  }

  @Test("the page loads nothing, escapes names and shows the verdict, pictures and a chart")
  func html() throws {
    var report = try Reports.report([20, 50])
    report.candidate.name = "<script>alert(1)</script>"
    report.images = [
      ImagePair(
        subject: Reports.image, sample: 0, psnr: 20, reference: Data([1]), candidate: Data([2]),
        difference: Data([3]), largestDifference: 0.25)
    ]
    let page = try text(report, .html)
    #expect(!page.contains("<script"))
    #expect(!page.contains("http://") && !page.contains("https://"))
    #expect(page.contains(#"<header class="fail">"#))
    #expect(page.contains("(white: 25%)"))
    #expect(page.contains("data:image/png;base64,AQ=="))
    #expect(page.contains("<svg viewBox="))
    #expect(
      page.components(separatedBy: "<section>").count
        == page.components(separatedBy: "</section>").count)
  }

  @Test("the same report gives the same bytes")
  func deterministic() throws {
    for format in ReportFormat.allCases {
      #expect(
        try Reports.report([20, 50]).rendered(as: format)
          == Reports.report([20, 50]).rendered(as: format))
    }
  }
}
