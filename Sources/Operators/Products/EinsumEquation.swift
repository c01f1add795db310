/// An axis of an Einsum operand: a letter, or one of the axes that an ellipsis stands for, counted
/// from the last.
enum EinsumLabel: Hashable, Sendable {
  case letter(Character)
  case ellipsis(Int)
}

/// The equation of Einsum: the labels of each operand's axes and of the result's.
struct EinsumEquation: Sendable {
  private let operands: [[Character]]
  private let result: [Character]?

  /// The mark an ellipsis is read as.
  private static let ellipsis: Character = "…"

  /// Reads `text`, such as `bij,bjk->bik` or `...ii->...i`.
  ///
  /// - Throws: `OperatorError.attribute` for anything that is not an equation.
  init(_ text: String) throws {
    let plain = text.filter { $0 != " " }.replacing("...", with: String(Self.ellipsis))
    let sides = plain.split(separator: "->", omittingEmptySubsequences: false).map(Array.init)
    let terms = (sides.first ?? []).split(separator: ",", omittingEmptySubsequences: false)
      .map(Array.init)
    let isValid = ([sides.count > 1 ? sides[1] : []] + terms).allSatisfy { term in
      term.filter { $0 == Self.ellipsis }.count <= 1
        && term.allSatisfy { ($0.isLetter && $0.isASCII) || $0 == Self.ellipsis }
    }
    let given = sides.count == 2 ? sides[1] : nil
    let isSubset = (given ?? []).allSatisfy { label in
      label == Self.ellipsis || terms.contains { $0.contains(label) }
    }
    let isDistinct = Set(given ?? []).count == (given ?? []).count
    guard sides.count <= 2, isValid, isSubset, isDistinct else {
      throw OperatorError.attribute(
        "equation", expected: "terms of letters and \"...\", then perhaps \"->\" and a result",
        found: "\"\(text)\"")
    }
    operands = terms
    result = given
  }

  /// How many operands there are.
  var operandCount: Int { operands.count }

  /// The labels of operands of these ranks, and of the result.
  ///
  /// - Throws: `OperatorError.inputCount`, `.mismatch` where the ranks do not fit the terms.
  func labels(
    ranks: [Int]
  ) throws -> (operands: [[EinsumLabel]], result: [EinsumLabel]) {
    guard ranks.count == operands.count else {
      throw OperatorError.inputCount(expected: "\(operands.count)", found: ranks.count)
    }
    var ellipsisRank = 0
    let labelled = try zip(operands, ranks).map { term, rank -> [EinsumLabel] in
      let hidden = rank - term.filter { $0 != Self.ellipsis }.count
      guard hidden == 0 || (hidden > 0 && term.contains(Self.ellipsis)) else {
        throw OperatorError.mismatch(
          expected: "rank \(term.count) for \"\(String(term))\"", found: "\(rank)")
      }
      ellipsisRank = max(ellipsisRank, hidden)
      return expand(term, hidden)
    }
    let given = result ?? implicitResult
    return (labelled, expand(given, ellipsisRank))
  }

  private func expand(_ term: [Character], _ hidden: Int) -> [EinsumLabel] {
    term.flatMap { character in
      character == Self.ellipsis
        ? (0..<hidden).reversed().map(EinsumLabel.ellipsis) : [.letter(character)]
    }
  }

  /// Ellipses first, then the letters that occur once, in ASCII order.
  private var implicitResult: [Character] {
    let all = operands.flatMap { $0 }
    let once = Set(all).filter { label in
      label != Self.ellipsis && all.filter { $0 == label }.count == 1
    }
    return (all.contains(Self.ellipsis) ? [Self.ellipsis] : []) + once.sorted()
  }
}
