import Mustache

/// The forms in which a report can be read, other than JSON.
public enum ReportFormat: String, CaseIterable, Sendable {
  /// JUnit XML: a suite for each section, a case for each subject.
  case junit
  /// Markdown for a pull request.
  case markdown
  /// One self-contained page.
  case html
}

extension VerificationReport {
  /// The report in `format`, as UTF-8.
  ///
  /// - Throws: nothing in practice: the templates are the tool's own and are tested.
  public func rendered(as format: ReportFormat) throws -> [UInt8] {
    let (template, contentType) = format.template
    // The content type decides how values are escaped.
    let compiled = try MustacheTemplate(string: "{{% CONTENT_TYPE:\(contentType)}}" + template)
    return Array(compiled.render(ReportContext(self).values(for: format)).utf8)
  }
}

extension ReportFormat {
  fileprivate var template: (text: String, contentType: String) {
    switch self {
    case .junit: (JUnitTemplate.text, "HTML")
    case .markdown: (MarkdownTemplate.text, "TEXT")
    case .html: (HTMLTemplate.text, "HTML")
    }
  }
}
