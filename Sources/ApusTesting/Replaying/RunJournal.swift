import ApusCore

/// The history of a run, as `GET /v1/runs/{id}/journal` and `apus runs export` give it.
struct RunJournal: Sendable {
    /// A step that has a result.
    struct Result: Sendable {
        let step: StepID
        let name: String
        let kind: String
        let memo: RawJSON
    }

    let run: String
    let function: String
    let status: String
    let output: RawJSON?
    let events: [RawJSON]
    /// In the order in which they finished.
    let results: [Result]
    /// Steps that were asked for and have no result, with their names as far as the journal says them.
    let pending: [(step: StepID, name: String)]

    /// - Throws: ``JournalError``.
    init(parsing text: [UInt8]) throws(JournalError) {
        let json: RawJSON
        do {
            json = try RawJSON(parsing: text)
        } catch {
            throw JournalError("it is no JSON: \(error)")
        }
        let view = json.view["data"] ?? json.view
        guard let run = view["run"], let entries = view["entries"], entries.kind == .array else {
            throw JournalError("it has no run and entries; is it what GET /v1/runs/{id}/journal answers?")
        }
        guard let events = view["events"], events.count > 0 else {
            throw JournalError("it has no events; servers before 0.1.0 did not give them")
        }
        self.run = run["run_id"]?.string ?? ""
        status = run["status"]?.string ?? ""
        output = run["output"]?.raw
        function = view["function"]?.string ?? ""
        self.events = events.elements.map(\.raw)

        var results: [Result] = []
        var asked: [StepID] = []
        var names: [StepID: String] = [:]
        for entry in entries.elements {
            let step = entry["step"]?.string.flatMap { StepID($0) }
            if let step, let name = entry["name"]?.string, entry["step_kind"] != nil { names[step] = name }
            switch entry["kind"]?.string {
            case "stepFinished":
                guard let step else { throw JournalError("an entry stepFinished has no step") }
                results.append(
                    Result(
                        step: step, name: entry["name"]?.string ?? step.description,
                        kind: entry["step_kind"]?.string ?? "", memo: entry["memo"]?.raw ?? .null))
            case "parallel":
                asked += entry["steps"]?.elements.compactMap { $0.string.flatMap { StepID($0) } } ?? []
            case "scheduled" where ["target", "sleep", "deadline"].contains(entry["job_kind"]?.string),
                "listening", "invoked":
                if let step { asked.append(step) }
            case "gateway":
                for request in entry["requests"]?.elements.map({ $0 }) ?? [] {
                    guard let step = request["step"]?.string.flatMap({ StepID($0) }) else { continue }
                    names[step] = request["name"]?.string
                    asked.append(step)
                }
            default: break
            }
        }
        self.results = results
        var done = Set(results.map(\.step))
        pending = asked.filter { done.insert($0).inserted }.map { ($0, names[$0] ?? $0.description) }
    }
}

/// A journal that cannot be replayed.
public struct JournalError: Error, Sendable, CustomStringConvertible {
    /// Why not.
    public let description: String

    init(_ reason: String) {
        description = "the journal cannot be replayed: \(reason)"
    }
}
