import ApusCore

/// How a function reports its steps while its call goes on.
struct Reporting {
    /// The most steps that go into one report.
    var stepsPerReport: Int
    /// How often a report is sent before the app gives it up and answers its call with the steps.
    var tries: Int
    /// Milliseconds without an answer after which it is sent again.
    var patience: Int64
    /// Steps that are not reported yet ride along with what ends the call, instead of being reported before.
    var endsWithSteps: Bool
    /// So do steps that the server has already.
    var repeatsReported: Bool

    static func draw(from random: inout SplitMix64) -> Reporting {
        Reporting(
            stepsPerReport: random.pick([1, 1, 2, 3]),
            tries: random.count(1...4),
            patience: random.pick([50, 1_000, 10_000]),
            endsWithSteps: random.chance(percent: 40),
            repeatsReported: random.chance(percent: 30)
        )
    }
}

/// A step that a call has run and reports.
struct ReportedStep {
    var step: Interpreter.FoundStep
    var data: RawJSON

    /// As the server keeps it.
    var memo: RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("data")
        writer.raw(data)
        writer.endObject()
        return writer.finish()
    }
}
