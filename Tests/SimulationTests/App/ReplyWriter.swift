import ApusCore

/// Writes what an app answers, byte by byte as an SDK would.
struct ReplyWriter {
    private var writer = JSONWriter()
    private(set) var count = 0

    init() {
        writer.beginArray()
    }

    mutating func ran(_ step: Interpreter.FoundStep, data: RawJSON) {
        op("StepRun", step.id, step.userID, isRace: step.isRace) {
            $0.key("data")
            $0.raw(data)
        }
    }

    /// A step whose result the server has already.
    mutating func ranBefore(_ step: StepID) {
        op("StepRun", step, "again", isRace: false) {
            $0.key("data")
            $0.value("again")
        }
    }

    mutating func failed(_ step: Interpreter.FoundStep, message: String, isFinal: Bool) {
        op(isFinal ? "StepFailed" : "StepError", step.id, step.userID, isRace: step.isRace) {
            $0.key("error")
            $0.beginObject()
            $0.key("message")
            $0.value(message)
            $0.key("name")
            $0.value("StepTrouble")
            $0.endObject()
        }
    }

    /// Reports a step without running it.
    mutating func report(_ step: Interpreter.FoundStep, now: Timestamp) {
        switch step.kind {
        case .run:
            op("StepPlanned", step.id, step.userID, isRace: step.isRace) { _ in }
        case .sleep(let length):
            op("Sleep", step.id, length.text(now: now), isRace: step.isRace) { _ in }
        case .wait(let plan):
            wait(plan, step, now: now)
        case .signal(let plan):
            let options: (inout JSONWriter) -> Void = {
                $0.key("conflict")
                $0.value(plan.replaces ? "replace" : "fail")
                $0.key("signal")
                $0.value(plan.signal)
                $0.key("timeout")
                $0.value(plan.timeout.text(now: now))
            }
            op("WaitForSignal", step.id, step.userID, isRace: step.isRace, options: options) { _ in }
        case .invoke(let function, let timeout):
            op(
                "InvokeFunction", step.id, step.userID, isRace: step.isRace,
                options: {
                    $0.key("function_id")
                    $0.value(function)
                    $0.key("payload")
                    $0.beginObject()
                    $0.key("data")
                    $0.beginObject()
                    $0.key("tag")
                    $0.value("invoked")
                    $0.endObject()
                    $0.endObject()
                    if let timeout {
                        $0.key("timeout")
                        $0.value(timeout)
                    }
                }
            ) { _ in }
        }
    }

    private mutating func wait(_ plan: WaitPlan, _ step: Interpreter.FoundStep, now: Timestamp) {
        let options: (inout JSONWriter) -> Void = {
            $0.key("event")
            $0.value(plan.event)
            if let condition = plan.condition {
                $0.key("if")
                $0.value(condition.text)
            }
            if let lookBack = plan.lookBack {
                $0.key("lookback")
                $0.value("\(lookBack)ms")
            }
            $0.key("timeout")
            $0.value(plan.timeout.text(now: now))
        }
        op("WaitForEvent", step.id, step.userID, isRace: step.isRace, options: options) { _ in }
    }

    mutating func complete(_ result: RawJSON) {
        op("RunComplete", .hashing("complete"), "complete", isRace: false) {
            $0.key("data")
            $0.raw(result)
        }
    }

    mutating func unknownOp() {
        op("Bogus", .hashing("bogus"), "bogus", isRace: false) { _ in }
    }

    mutating func finish() -> [UInt8] {
        writer.endArray()
        return writer.bytes
    }

    private mutating func op(
        _ kind: String,
        _ id: StepID,
        _ name: String,
        isRace: Bool,
        options: (inout JSONWriter) -> Void = { _ in },
        _ fields: (inout JSONWriter) -> Void
    ) {
        count += 1
        writer.beginObject()
        writer.key("op")
        writer.value(kind)
        writer.key("id")
        writer.value(id.description)
        writer.key("name")
        writer.value(name)
        writer.key("opts")
        writer.beginObject()
        options(&writer)
        if isRace {
            writer.key("parallelMode")
            writer.value("race")
        }
        writer.endObject()
        fields(&writer)
        writer.endObject()
    }
}

extension SleepLength {
    /// As an SDK writes it.
    fileprivate func text(now: Timestamp) -> String {
        switch self {
        case .milliseconds(let length): "\(length)ms"
        case .until(let distance): (now + .milliseconds(distance)).rfc3339
        }
    }
}
