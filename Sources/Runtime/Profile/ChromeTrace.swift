import FileIO

/// A profile in Chrome's trace event format, which `chrome://tracing` and Perfetto show.
///
/// Google's "Trace Event Format": an object whose `traceEvents` are complete events (`"ph": "X"`)
/// with `ts` and `dur` in microseconds, here counted from the first step.
public enum ChromeTrace {
  /// The JSON of `events`.
  public static func json(_ events: [ExecutionProfile.Event]) -> JSONValue {
    let origin = events.map(\.start).min() ?? 0
    return .object([
      JSONMember("displayTimeUnit", .string("ms")),
      JSONMember("traceEvents", .array(events.map { event($0, since: origin) })),
    ])
  }

  private static func event(_ event: ExecutionProfile.Event, since origin: UInt64) -> JSONValue {
    .object([
      JSONMember("name", .string(event.opType)),
      JSONMember("cat", .string("operator")),
      JSONMember("ph", .string("X")),
      JSONMember("ts", microseconds(event.start - origin)),
      JSONMember("dur", microseconds(event.duration)),
      JSONMember("pid", .number(JSONNumber(text: "1"))),
      JSONMember("tid", .number(JSONNumber(text: "1"))),
      JSONMember(
        "args",
        .object([
          JSONMember("node", .string(event.node)), JSONMember("outputs", .string(event.outputs)),
        ])),
    ])
  }

  /// Nanoseconds as microseconds with three decimals.
  private static func microseconds(_ nanoseconds: UInt64) -> JSONValue {
    let fraction = String(nanoseconds % 1000)
    let zeros = String(repeating: "0", count: 3 - fraction.count)
    return .number(JSONNumber(text: "\(nanoseconds / 1000).\(zeros)\(fraction)"))
  }
}
