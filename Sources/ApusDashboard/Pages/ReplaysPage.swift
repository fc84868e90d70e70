import ApusCore
import ApusEngine
import ApusNode
import ApusServer
import ApusStore
import Hummingbird

/// `/replays`: orders to repeat many runs, and how far they are.
struct ReplaysPage: Sendable {
    let site: Site

    func answer(_ visit: Visit) async throws -> Response {
        let replays = try await site.node.read { reader throws(StoreError) in try reader.replays() }
            .sorted { $1.id < $0.id }
        let fields: [String: Part] = [
            "total": .text(NumberText.counted(replays.count, "replay")), "hasReplays": .flag(!replays.isEmpty),
            "replays": .list(replays.map { Self.row($0, visit) }), "command": "apus replays ls",
        ]
        let isOpen = replays.contains { $0.state.isOpen }
        let failed = try await site.failedLately(visit)
        return site.answer(
            "replays",
            site.frame(
                visit, title: "Replays", page: "r", live: isOpen ? Link("live", "replays") : nil, failed: failed, fields
            ), visit)
    }

    static func row(_ replay: Replay, _ visit: Visit) -> Part {
        let done = replay.progress.started + replay.progress.skipped
        let share = replay.found > 0 ? min(Double(done) / Double(replay.found), 1) : 1
        let key =
            switch replay.state {
            case .running: "running"
            case .paused: "paused"
            case .finished: "completed"
            case .stopped: "cancelled"
            }
        let states = RunState.allCases.filter { replay.states.contains($0) }.map(\.name).joined(separator: ", ")
        var note = "\(states), from the \(replay.start.name), \(NumberText.grouped(replay.perMinute)) a minute"
        if replay.progress.skipped > 0 {
            note += "; \(NumberText.grouped(replay.progress.skipped)) left out: \(replay.progress.problem)"
        }
        return [
            "id": .text(replay.id.description), "short": .text(replay.id.description.shortID),
            "state": ["key": .text(key), "word": .text(replay.state.name.capitalisedFirst)],
            "functionName": .text(replay.functionSlug.visible()),
            "functionHref": Link("functions", replay.functionSlug).part, "note": .text(note.visible()),
            "width": .number(share * 1_000),
            "progress": .text("\(NumberText.grouped(done)) of \(NumberText.grouped(replay.found))"),
            "created": visit.time.part(replay.createdAt), "actor": .text(replay.actor.visible()),
            "actions": .list(actions(replay)),
        ]
    }

    private static func actions(_ replay: Replay) -> [Part] {
        guard replay.state.isOpen else { return [] }
        let id = replay.id.description
        let isPaused = replay.state == .paused
        let left = NumberText.counted(
            max(replay.found - replay.progress.started - replay.progress.skipped, 0), "run")
        let hold = ActionPart(
            label: isPaused ? "Resume" : "Pause", title: isPaused ? "Go on?" : "Pause it?",
            consequence: isPaused
                ? "The \(left) that are left are repeated." : "No further run is started until it is resumed.",
            action: Link("replays", id), verb: isPaused ? "Go on" : "Pause it",
            fields: [("state", isPaused ? "running" : "paused")],
            command: "apus replays \(isPaused ? "resume" : "pause") \(id)")
        let stop = ActionPart(
            label: "Stop", title: "Stop it for good?",
            consequence: "The \(left) that are left are not repeated. Those that were started go on.",
            action: Link("replays", id), verb: "Stop it", isDangerous: true, fields: [("state", "stopped")],
            command: "apus replays stop \(id)")
        return [hold.part, stop.part]
    }

    /// Pauses a replay, lets it go on, or stops it.
    func change(_ text: String, _ form: Form, _ visit: Visit) async throws -> Response {
        guard let state = Replay.State(name: form["state"]), state != .finished, let id = ULID(text),
            let replay = try await site.node.changeReplay(id, to: state, perMinute: nil)
        else { throw PageProblem.missing("replay", text) }
        return visit.back(to: Link("replays"), Notice("The replay is \(replay.state.name)."))
    }
}

extension String {
    fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
