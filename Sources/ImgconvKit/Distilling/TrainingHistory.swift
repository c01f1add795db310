import Distillation
import FileIO

/// The iterations of a training, as a table and as a curve.
struct TrainingHistory {
  var reports: [IterationReport] = []

  private static let header =
    "iteration,steps,timestep,shifted,loss,gradient_norm,rate,adversarial,discriminator"

  /// The table: a line of names, then a line an iteration.
  var csv: String {
    ([Self.header]
      + reports.map {
        "\($0.iteration),\($0.steps),\($0.timestep),\($0.shifted),\($0.loss),\($0.gradientNorm),"
          + "\($0.rate),"
          + ($0.adversarial.map { "\($0.student),\($0.discriminator)" } ?? ",")
      }).joined(separator: "\n") + "\n"
  }

  /// The iterations of a table.
  ///
  /// - Throws: `DistillationError.otherRun` for a line that is none.
  static func reports(csv: String) throws(DistillationError) -> [IterationReport] {
    var reports: [IterationReport] = []
    for line in csv.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == 9, let iteration = Int(fields[0]), let steps = Int(fields[1]),
        let timestep = Int(fields[2]), let shifted = Int(fields[3]), let loss = Float(fields[4]),
        let norm = Float(fields[5]), let rate = Float(fields[6])
      else { throw .otherRun(expected: header, found: String(line)) }
      let pair = fields[7...].compactMap { Float($0) }
      reports.append(
        IterationReport(
          iteration: iteration, steps: steps, timestep: timestep, shifted: shifted, loss: loss,
          gradientNorm: norm, rate: rate,
          adversarial: pair.count == 2
            ? .init(student: pair[0], discriminator: pair[1]) : nil))
    }
    return reports
  }

  /// Writes `OUTPUT.csv` and `OUTPUT.svg`.
  func write(to output: String) throws {
    for (ending, text) in [("csv", csv), ("svg", LossCurve(reports.map(\.loss)).svg)] {
      let file = try OutputFile(path: "\(output).\(ending)", policy: .replacing)
      try file.write(Array(text.utf8))
      try file.publish()
    }
  }
}
