extension String {
  /// The string with control characters, line separators and bidirectional overrides written as
  /// `\n`, `\t`, `\u{1B}` and the like, so that a name out of a file can neither break a line of a
  /// message nor steer a terminal.
  public var escapedForDisplay: String {
    var escaped = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      case "\\": escaped += "\\\\"
      default:
        if scalar.isUnsafeForDisplay {
          escaped += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        } else {
          escaped.unicodeScalars.append(scalar)
        }
      }
    }
    return escaped
  }

  /// `escapedForDisplay`, cut after `limit` characters with an ellipsis.
  public func escapedForDisplay(limit: Int) -> String {
    guard count > limit else { return escapedForDisplay }
    return String(prefix(limit)).escapedForDisplay + "…"
  }
}

extension Unicode.Scalar {
  fileprivate var isUnsafeForDisplay: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
    default: false
    }
  }
}
