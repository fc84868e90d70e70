import ApusCore
import ApusCron
import Testing

@testable import ApusEngine

/// A year of virtual time, from June to June, with both changes of the clock in every zone that has them.
@Suite("A year of ticks")
struct ScheduleYearTests {
    private static let expressions = [
        "TZ=Europe/Berlin 30 2 * * *", "TZ=America/New_York 30 1 * * *", "TZ=Australia/Lord_Howe 15 2 * * *",
        "TZ=Europe/Berlin 0 */12 * * mon-fri", "0 6 1 * *", "TZ=Asia/Kathmandu 59 23 * * sun",
    ]

    private static let functions = expressions.enumerated().map { number, expression in
        var configuration = function("app-f\(number)")
        configuration.triggers = [.cron(schedule: expression, jitter: nil)]
        return configuration
    }

    private func ticks(_ engine: CoreHarness) -> [String: [Int64]] {
        var ticks: [String: [Int64]] = [:]
        for event in engine.events(named: ScheduledEvent.name) {
            guard let data = event.body.view["data"], let cron = data["cron"]?.string,
                let time = data["scheduledAt"]?.string.flatMap(DateText.parse)
            else { continue }
            ticks[cron, default: []].append(time.milliseconds)
        }
        return ticks
    }

    private func answerCalls(_ engine: CoreHarness) {
        while let call = engine.calls.first { engine.reply(call, with: .returned(nil)) }
    }

    @Test("every tick of a year happens once, with crashes around ticks and clocks that step", arguments: 0..<3)
    func year(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let engine = CoreHarness(seed: seed + 1) { $0.wakeHorizon = .days(30) }
        engine.register(Self.functions)
        let end = engine.now + .days(365)
        while engine.now < end {
            guard let next = engine.core.nextWake, next < end else { break }
            // Sometimes the owner looks too early, late by less than matters, or not before it has crashed.
            engine.now = max(engine.now, next + .milliseconds(Int64(random.below(3)) * 20_000 - 20_000))
            if random.below(8) == 0 { engine.restart() }
            if random.below(20) == 0 {
                engine.now = engine.now - .minutes(Int64(random.below(90)))
                engine.feed(.tick)
            }
            engine.now = max(engine.now, next)
            engine.feed(.tick)
            if random.below(8) == 0 { engine.restart() }
            answerCalls(engine)
        }
        let start = CoreHarness.start.milliseconds
        let happened = ticks(engine)
        for expression in Self.expressions {
            let expected = try CronSchedule(expression).times(in: start..<end.milliseconds, limit: 10_000)
            #expect(happened[expression] == expected, "\(expression)")
        }
        // An hour that is skipped and one that is repeated in each of the first three.
        #expect(happened[Self.expressions[0]]?.count == 365)
        #expect(happened[Self.expressions[4]]?.count == 12)
        #expect(engine.runs.allSatisfy { $0.status == .completed })
        #expect(engine.runs.count == happened.values.reduce(0) { $0 + $1.count })
    }
}
