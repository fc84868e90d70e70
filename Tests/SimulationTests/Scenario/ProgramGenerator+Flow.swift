import ApusCore
import ApusEngine

/// How the functions of a world are limited: so tightly that it matters for a handful of runs.
extension ProgramGenerator {
    /// The options of a function by version of its app: the numbers change, the expressions stay.
    mutating func flows() -> [FlowControl] {
        let first = flow()
        guard first != .none else { return [] }
        var flows = [first]
        if random.chance(percent: 60) { flows.append(changed(first)) }
        if random.chance(percent: 12) { flows.append(.none) }
        return flows
    }

    /// Only what makes runs wait, for functions whose runs somebody counts on.
    mutating func waitingFlows() -> [FlowControl] {
        guard random.chance(percent: 20) else { return [] }
        var flow = FlowControl()
        flow.concurrency = [FlowControl.Concurrency(limit: 1)]
        if random.chance(percent: 50) { flow.throttle = throttle() }
        return [flow]
    }

    private mutating func flow() -> FlowControl {
        var flow = FlowControl()
        if random.chance(percent: 45) { flow.concurrency = concurrency() }
        if random.chance(percent: 15) {
            flow.runConcurrency = FlowControl.RunConcurrency(limit: random.count(1...2), key: key())
        }
        if random.chance(percent: 18) { flow.throttle = throttle() }
        switch random.below(100) {
        case ..<12: flow.rateLimit = rateLimit()
        case ..<20:
            flow.rateLimit = FlowControl.RateLimit(
                limit: 1, period: .hours(24), key: random.pick([KeyModel.key.text, KeyModel.isLarge.text]),
                isIdempotency: true
            )
        default: break
        }
        if random.chance(percent: 22) {
            flow.batch = batch()
            return flow
        }
        if random.chance(percent: 16) { flow.debounce = debounce() }
        if random.chance(percent: 20) { flow.singleton = FlowControl.Singleton(mode: mode(), key: key()) }
        if random.chance(percent: 30) {
            flow.priority = random.pick(PriorityModel.allCases).text
            // Who goes first matters only to those who wait together.
            if flow.concurrency.isEmpty { flow.concurrency = [FlowControl.Concurrency(limit: 1)] }
        }
        return flow
    }

    private mutating func concurrency() -> [FlowControl.Concurrency] {
        var limits: [FlowControl.Concurrency] = []
        if random.chance(percent: 50) { limits.append(FlowControl.Concurrency(limit: random.count(1...2))) }
        switch random.below(4) {
        case 0:
            limits.append(FlowControl.Concurrency(limit: 1, key: KeyModel.key.text))
        case 1:
            // The same for every function that has it, so that they share their room.
            limits.append(
                FlowControl.Concurrency(limit: random.count(1...2), key: KeyModel.key.text, scope: .environment)
            )
        case 2 where limits.isEmpty:
            limits.append(FlowControl.Concurrency(limit: 1, key: KeyModel.key.text))
            limits.append(
                FlowControl.Concurrency(
                    limit: 2, key: KeyModel.constant.text, scope: random.pick([.environment, .account]))
            )
        default:
            if limits.isEmpty { limits.append(FlowControl.Concurrency(limit: random.count(1...3))) }
        }
        return limits.sorted { $0.limit < $1.limit }
    }

    private mutating func throttle() -> FlowControl.Throttle {
        FlowControl.Throttle(
            limit: random.count(1...2), period: period(), burst: random.pick([0, 0, 1]), key: key()
        )
    }

    private mutating func rateLimit() -> FlowControl.RateLimit {
        FlowControl.RateLimit(limit: random.pick([1, 2, 10]), period: .seconds(random.count(1...20)), key: key())
    }

    private mutating func debounce() -> FlowControl.Debounce {
        FlowControl.Debounce(
            period: period(), key: key(), timeout: random.chance(percent: 50) ? .seconds(random.count(1...6)) : nil
        )
    }

    private mutating func batch() -> FlowControl.Batch {
        FlowControl.Batch(
            size: random.count(2...3), timeout: period(), key: key(),
            condition: random.chance(percent: 30) ? BatchCondition.draw(from: &random) : nil
        )
    }

    private mutating func key() -> String? {
        random.chance(percent: 50) ? random.pick(KeyModel.allCases).text : nil
    }

    private mutating func period() -> TimeSpan {
        .seconds(random.count(1...5))
    }

    private mutating func mode() -> FlowControl.Singleton.Mode {
        random.chance(percent: 50) ? .skip : .cancel
    }

    /// The same options with other numbers.
    private mutating func changed(_ flow: FlowControl) -> FlowControl {
        var flow = flow
        for index in flow.concurrency.indices { flow.concurrency[index].limit = random.count(1...3) }
        flow.concurrency.sort { $0.limit < $1.limit }
        if flow.runConcurrency != nil { flow.runConcurrency?.limit = random.count(1...3) }
        if let old = flow.throttle {
            flow.throttle = throttle()
            flow.throttle?.key = random.chance(percent: 70) ? old.key : key()
        }
        if let old = flow.rateLimit, !old.isIdempotency {
            flow.rateLimit = rateLimit()
            flow.rateLimit?.key = old.key
        }
        if let old = flow.debounce {
            flow.debounce = debounce()
            flow.debounce?.key = old.key
        }
        if let old = flow.batch {
            flow.batch = batch()
            flow.batch?.key = old.key
            flow.batch?.condition = old.condition
        }
        if flow.singleton != nil { flow.singleton?.mode = mode() }
        return flow
    }
}
