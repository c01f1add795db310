import ArgumentParser

/// Which rewrites of the plan are left out.
struct FusionOptions: ParsableArguments {
  @Option(
    name: .customLong("without-fusion"),
    help: ArgumentHelp(
      "Leave out a rewrite of the plan (formats/fusions.md), or all. May be given several times.",
      valueName: "name"))
  var omitted: [String] = []
}
