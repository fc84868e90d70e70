import ApusCore
import ApusEngine

/// How a shard treats its inputs when something goes wrong.
extension Input {
    /// Inputs that bring new work; refused while nothing new can be made durable.
    var isIntake: Bool {
        switch self {
        case .events, .invoke, .register, .pause, .limit, .schedule, .runSchedule, .eventSchedule, .backfill,
            .stopBackfill, .settle, .audit, .signal, .rerun, .wake, .checkpoint,
            .annotate, .testLimit, .endpoint, .begin, .report:
            true
        default: false
        }
    }

    /// Inputs that nobody would repeat. Reads, alarms and messages come again by themselves.
    var survivesRestart: Bool {
        switch self {
        // A change of the registry may come between the reading of the store and its answer.
        case .events, .invoke, .register, .pause, .limit, .schedule, .runSchedule, .eventSchedule, .backfill,
            .stopBackfill, .settle, .audit, .reply, .syncFailed, .registry, .cancel, .signal, .rerun, .wake,
            .checkpoint, .annotate, .testLimit, .gateway, .endpoint, .begin, .report:
            true
        case .tick, .loaded, .wakes, .message, .refused, .acknowledged, .probed, .listeners, .eventsFound, .eventsRead,
            .templatesRead:
            false
        }
    }

    /// Inputs that somebody from outside has written, so that one of them can be one that the store
    /// will never accept.
    var canBeAtFault: Bool {
        switch self {
        case .events, .invoke, .register, .pause, .limit, .schedule, .runSchedule, .eventSchedule, .backfill,
            .stopBackfill, .audit, .reply, .syncFailed, .message, .refused, .signal, .rerun, .checkpoint,
            .annotate, .gateway, .endpoint, .begin, .report:
            true
        case .tick, .settle, .loaded, .wakes, .registry, .acknowledged, .probed, .listeners, .eventsFound, .eventsRead,
            .templatesRead, .cancel, .wake, .testLimit:
            false
        }
    }

    /// Whether doing it a second time does it twice. Everything else has an id, a number or a
    /// generation by which it is recognised.
    var isUnrepeatable: Bool {
        switch self {
        case .events(let events, _): events.contains { $0.key == nil }
        case .invoke(_, let event, _): event.key == nil
        // The wait that has got it is over, and the next one would get it too.
        case .signal: true
        case .runSchedule, .backfill: true
        case .annotate(_, _, let annotations): annotations.contains { $0.update.operation == .add }
        // A second run of the same id is refused by the store.
        case .rerun(let order): order.id == nil
        // One that fires once may have fired and be gone; what is removed is not found again.
        case .eventSchedule(.put(let draft, _), _): if case .at = draft.timing { true } else { false }
        case .eventSchedule(.run, _), .eventSchedule(.remove, _): true
        default: false
        }
    }

    func with(_ prior: PriorRuns) -> Input {
        switch self {
        case .events(let events, _): .events(events, prior: prior)
        case .invoke(let slug, let event, _): .invoke(slug: slug, event, prior: prior)
        default: self
        }
    }

    /// What is done instead of an input that the store will never accept, so that nobody waits for
    /// ever; `nil` when its sender has been told or nothing more can be done.
    func substitute(because reason: String) -> Input? {
        switch self {
        case .reply(let call, let reply): return reply.isRefusal ? nil : .reply(call, .refused(because: reason))
        case .message(let sender, let number, let message):
            return .refused(from: sender, number: number, message)
        case .gateway(var report):
            if case .completed = report.result {
                report.result = .failed(.unstorable(reason))
                return .gateway(report)
            }
            return nil
        default: return nil
        }
    }

    /// The input as it is reported when it cannot be stored: without the secrets of gateway requests.
    var report: String {
        guard case .reply(let call, .ops(var list)) = self else { return String(describing: self) }
        for index in list.ops.indices where [.aiGateway, .gateway].contains(list.ops[index].kind) {
            list.ops[index].options = nil
            list.ops[index].data = nil
        }
        return String(describing: Input.reply(call, .ops(list)))
    }
}

extension AppReply {
    private static let refusal = "ReplyRefused"

    /// Stands in for a reply that the store cannot keep: an attempt that failed.
    fileprivate static func refused(because reason: String) -> AppReply {
        .failed(.noticed(name: refusal, message: "The app's reply cannot be stored.", cause: reason))
    }

    fileprivate var isRefusal: Bool {
        guard case .failed(let failure) = self else { return false }
        return failure.body.view["name"]?.stringEquals(Self.refusal) ?? false
    }
}
