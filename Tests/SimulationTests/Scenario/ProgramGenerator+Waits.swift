import ApusCore
import ApusEngine

/// What runs wait for, what cancels them, and how long they may take.
extension ProgramGenerator {
    mutating func wait() -> WaitPlan {
        WaitPlan(
            id: stepID(),
            event: eventOfWait(),
            condition: .draw(from: &random),
            timeout: timeout(),
            lookBack: random.chance(percent: 30) ? random.pick([1, 1_000, 60_000, 3_600_000]) : nil
        )
    }

    private mutating func eventOfWait() -> String {
        switch random.below(100) {
        case ..<70: random.pick(["wake/0", "wake/1"])
        case ..<82: random.pick(["event/0", "event/1", "chain/0"])
        default: random.pick([LifecycleEvent.finishedName, LifecycleEvent.failedName, LifecycleEvent.cancelledName])
        }
    }

    mutating func signal() -> SignalPlan {
        SignalPlan(
            id: stepID(),
            signal: random.pick(["signal/0", "signal/1"]),
            replaces: random.chance(percent: 50),
            timeout: timeout()
        )
    }

    private mutating func timeout() -> SleepLength {
        random.chance(percent: 30) ? length() : .milliseconds(30 + random.anyDelay(upTo: 3_600_000))
    }

    mutating func cancellation() -> SimulatedCancellation {
        SimulatedCancellation(
            event: random.pick(
                random.chance(percent: 90) ? ["stop/0", "stop/1"] : ["event/0", "wake/0", LifecycleEvent.failedName]
            ),
            condition: .draw(from: &random),
            period: random.pick([0, 100, 60_000, 86_400_000])
        )
    }

    mutating func timeouts() -> FunctionConfiguration.Timeouts {
        FunctionConfiguration.Timeouts(
            start: random.pick([nil, nil, 20, 2_000, 30_000]).map { .milliseconds($0) },
            finish: random.pick([nil, 50, 3_000, 60_000, 1_800_000]).map { .milliseconds($0) }
        )
    }
}
