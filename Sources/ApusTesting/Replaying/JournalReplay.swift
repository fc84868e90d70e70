import Apus
import ApusCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Replays what a run did in production against the code of now, and says where the two part.
///
/// Nothing runs: every step gets the result that it had. So it can be told before a deploy whether the runs that live go
/// on as they should.
///
/// ```swift
/// // apus runs export 01J… > Tests/Journals/onboard.json
/// let report = try await JournalReplay(onboard, journalAt: "Tests/Journals/onboard.json").check()
/// #expect(report.isSame, "\(report)")
/// ```
public struct JournalReplay: Sendable {
    private let definition: FunctionDefinition
    private let client: Client
    private let journal: RunJournal
    private let log = TestLog()
    /// Real time after which a handler is given up that awaits something outside of its steps.
    public var timeLimit = Duration.seconds(60)

    /// Prepares a replay.
    /// - Parameter journal: what `GET /v1/runs/{id}/journal` answers, or `apus runs export` prints.
    /// - Throws: ``JournalError`` when it is none, or one of another function.
    public init(_ function: some Servable, journal: some Sequence<UInt8>) throws {
        try self.init(anyOf: [function], journal: journal)
    }

    /// Prepares a replay with that one of several functions whose journal it is.
    public init(anyOf functions: [any Servable], journal: some Sequence<UInt8>) throws {
        let journal = try RunJournal(parsing: Array(journal))
        for function in functions {
            guard let found = function.definition.all.first(where: { $0.slug == journal.function }) else { continue }
            let origin = found.client
            definition = found
            self.journal = journal
            var settings = ClientSettings.development()
            settings.middleware = origin.settings.middleware
            settings.logger = log.logger
            client = Client(appID: origin.appID, settings: settings, transport: NoTransport(), witness: nil)
            return
        }
        let known = functions.map(\.definition.slug).joined(separator: ", ")
        throw JournalError("it is one of function \(journal.function), not of \(known)")
    }

    /// Prepares a replay of a file.
    public init(_ function: some Servable, journalAt path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw JournalError("\(path) cannot be read: \(error)")
        }
        try self.init(function, journal: data)
    }

    /// Replays.
    /// - Throws: ``TestFailure`` when the handler comes to no end within ``timeLimit``.
    public func check() async throws -> ReplayReport {
        let report = await TestTransport.$current.withValue(NoTransport()) {
            await Deadline.limit(timeLimit) { await replay() }
        }
        guard let report else {
            throw TestFailure("the function awaits something outside of its steps and came to no end in \(timeLimit)")
        }
        return report
    }

    private func replay() async -> ReplayReport {
        let isUndone = journal.results.contains { $0.name == "compensation" }
        guard
            let replay = HistoryReplay(
                definition, client: client, run: journal.run, events: journal.events, isUndone: isUndone)
        else { return report(nil) }
        defer { replay.end() }
        for (position, result) in journal.results.enumerated() {
            let expected = ReplayReport.HistoryStep(
                position: position + 1, name: result.name, kind: result.kind)
            switch await replay.settle() {
            case .waiting(let steps):
                guard let step = steps.first(where: { $0.id == result.step }) else {
                    if replay.hasAbandoned(result.step) { continue }
                    return report(Divergence(expected, replay, .asksForOthers(steps.map(AskedStep.init))))
                }
                let kind = ReplayReport.kind(step.order.kind)
                if kind != result.kind, !result.kind.isEmpty {
                    return report(Divergence(expected, replay, .isAnotherKind(AskedStep(step))))
                }
                replay.give(result.memo, to: step)
            case .returned(let output):
                if replay.hasAbandoned(result.step) { continue }
                return report(Divergence(expected, replay, .returns("\(output)")))
            case .threw(let error):
                if replay.hasAbandoned(result.step) { continue }
                return report(Divergence(expected, replay, .throwsError("\(error.name): \(error.message)")))
            }
        }
        return end(await replay.settle(), replay)
    }

    // MARK: - The end

    private typealias Divergence = ReplayReport.Divergence
    private typealias AskedStep = ReplayReport.AskedStep

    private func end(_ standing: HistoryReplay.Standing, _ replay: HistoryReplay) -> ReplayReport {
        let left = journal.pending.filter { !replay.hasAbandoned($0.step) }
        switch (standing, journal.status) {
        case (.waiting(let steps), "Completed"):
            return report(Divergence(nil, replay, .asksForOthers(steps.map(AskedStep.init))))
        case (.waiting(let steps), _):
            let asked = Set(steps.map(\.id))
            let missing = left.first { !asked.contains($0.step) }
            guard let missing else {
                // Code may go on where the history ends, but not where it says that the function threw.
                if journal.status == "Failed", left.isEmpty {
                    return report(Divergence(nil, replay, .asksForOthers(steps.map(AskedStep.init))))
                }
                return report(nil)
            }
            let expected = ReplayReport.HistoryStep(
                position: journal.results.count + 1, name: missing.name, kind: "")
            return report(Divergence(expected, replay, .asksForOthers(steps.map(AskedStep.init))))
        case (.returned(let output), "Completed"):
            return report(nil, output: output)
        case (.threw, "Failed"):
            return report(nil)
        case (.returned(let output), _) where journal.status == "Failed" || !left.isEmpty:
            return report(Divergence(nil, replay, .returns("\(output)")), output: output)
        case (.threw(let error), _) where journal.status == "Completed" || !left.isEmpty:
            return report(Divergence(nil, replay, .throwsError("\(error.name): \(error.message)")))
        case (.returned(let output), _):
            return report(nil, output: output)
        case (.threw, _):
            return report(nil)
        }
    }

    private func report(_ divergence: ReplayReport.Divergence?, output: RawJSON? = nil) -> ReplayReport {
        ReplayReport(
            run: journal.run, function: definition.slug, status: journal.status, steps: journal.results.count,
            divergence: divergence, hasOtherOutput: output.map { $0 != journal.output ?? .null } ?? false,
            logged: log.all
        )
    }

    private struct NoTransport: HTTPTransport {
        func send(_ request: TransportRequest) async throws -> TransportResponse {
            throw TestFailure(
                "a replay makes no requests, and the function makes one outside of its steps: \(request.url)")
        }
    }
}
