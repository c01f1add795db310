import ArgumentParser
import FileIO
import ImgconvKit
import Quantization

/// `imgconv quantize`.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Store a model's weights in smaller types.",
    discussion: """
      Every tensor is accounted for in a table: what it became or why it was kept, its size before \
      and after, and its error. --keep gives tensors whose name matches a shell pattern a type of \
      their own (fp32, fp16, bf16, int8, int4); the first pattern that matches wins:

        imgconv quantize student.imgc -o int8.imgc --weights int8 --keep 'conv_in.*=fp16'
      """)

  @Argument(help: "The artifact to quantize.")
  var input: String

  @Option(name: .shortAndLong, help: "Where the result goes (not with --dry-run).")
  var output: String?

  @Option(help: "The type of weights: int8, int4, fp16 or bf16.")
  var weights: WeightType

  @Option(help: "Which weights share a scale: tensor, channel or group:N.")
  var granularity: IntegerScheme.ScaleSharing = .channel

  @Flag(help: "Use zero points, so that the integers need not be centred on zero.")
  var asymmetric = false

  @Option(name: .long, help: "PATTERN=TYPE: the type of tensors whose name matches.")
  var keep: [KeepRule] = []

  @Flag(help: "Cut values beyond a type's range to its largest, instead of refusing them.")
  var saturate = false

  @Flag(help: "Print the table and write nothing.")
  var dryRun = false

  @Flag(help: "Print the report as JSON.")
  var json = false

  @OptionGroup var outputOptions: OutputOptions
  @OptionGroup var compute: ComputeOptions

  mutating func validate() throws {
    if output == nil, !dryRun { throw ValidationError("Give -o OUT.imgc, or --dry-run.") }
    if output != nil, dryRun { throw ValidationError("--dry-run writes nothing; leave out -o.") }
  }

  mutating func run() throws {
    let progress = try compute.begin()
    let job = QuantizeJob(
      input: input, output: output, recipe: recipe, replacesExisting: outputOptions.force)
    let report = try job.run { progress.show($0, fraction: $1) }
    progress.clear()
    if json {
      try JSONReport.print(QuantizeDocument(report))
    } else {
      print(QuantizeText.table(report))
    }
  }

  private var recipe: Recipe {
    let scheme = weights.scheme(sharing: granularity, isSymmetric: !asymmetric)
    let rules = keep.map { rule in
      Recipe.Rule(
        pattern: rule.pattern,
        scheme: rule.type.scheme(sharing: granularity, isSymmetric: !asymmetric))
    }
    return Recipe(defaultScheme: scheme, rules: rules, saturates: saturate)
  }
}

/// A type of weights as the command line names it.
enum WeightType: String, ExpressibleByArgument, CaseIterable {
  case fp32
  case fp16
  case bf16
  case int8
  case int4

  /// The scheme of that type.
  func scheme(sharing: IntegerScheme.ScaleSharing, isSymmetric: Bool) -> WeightScheme {
    switch self {
    case .fp32: .float(.float32)
    case .fp16: .float(.float16)
    case .bf16: .float(.bfloat16)
    case .int8:
      .integer(IntegerScheme(dtype: .int8, sharing: sharing, isSymmetric: isSymmetric))
    case .int4:
      .integer(IntegerScheme(dtype: .int4, sharing: sharing, isSymmetric: isSymmetric))
    }
  }
}

/// A `--keep PATTERN=TYPE`.
struct KeepRule: ExpressibleByArgument {
  let pattern: String
  let type: WeightType

  init?(argument: String) {
    guard let equals = argument.lastIndex(of: "="), equals != argument.startIndex,
      let type = WeightType(rawValue: String(argument[argument.index(after: equals)...]))
    else { return nil }
    pattern = String(argument[..<equals])
    self.type = type
  }
}

extension IntegerScheme.ScaleSharing: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public var defaultValueDescription: String { description }
}
