import Apus
import ApusCore
import ApusTesting
import Testing

/// A run's history, as the server gives it.
private struct Journal {
    var function = "shop-onboard"
    var status = "Completed"
    var output = #""w1""#
    var entries: [String] = []

    mutating func finished(_ name: String, _ kind: String, _ memo: String) {
        let id = StepID.hashing(name)
        entries.append(
            """
            {"at":1,"kind":"stepFinished","step":"\(id)","name":"\(name)","step_kind":"\(kind)","outcome":"completed",\
            "memo":\(memo)}
            """)
    }

    mutating func sleeping(_ name: String) {
        entries.append(
            #"{"at":1,"kind":"scheduled","job":4,"due":5,"job_kind":"sleep","step":"\#(StepID.hashing(name))"}"#)
        entries.append(
            #"{"at":1,"kind":"stepNamed","step":"\#(StepID.hashing(name))","name":"\#(name)","step_kind":"sleep"}"#)
    }

    var bytes: [UInt8] {
        Array(
            """
            {"data":{"run":{"run_id":"01J","status":"\(status)","output":\(output)},"function":"\(function)",
            "event_name":"user/signed-up","events":[{"name":"user/signed-up","id":"e1","ts":1,
            "data":{"userID":"u1","email":"a@b.c"}}],"entries":[\(entries.joined(separator: ","))],"timeline":[]},
            "metadata":{}}
            """.utf8)
    }

    static var usual: Journal {
        var journal = Journal()
        journal.finished("create", "run", #"{"data":"w1"}"#)
        journal.finished("crm", "run", #"{"data":1}"#)
        journal.finished("mail", "run", #"{"data":null}"#)
        journal.finished("nap", "sleep", "null")
        return journal
    }
}

@Suite("Replaying a run's history")
struct JournalReplayTests {
    private let apus = Client(appID: "shop")
    private let bodies = Counter()

    private func onboard(
        _ handler: @escaping @Sendable (UserSignedUp, Step) async throws -> String
    ) -> Function<UserSignedUp, String> {
        apus.function("onboard", on: UserSignedUp.self, handler: handler)
    }

    private var same: Function<UserSignedUp, String> {
        onboard { [bodies] _, step in
            let id = try await step.run("create") {
                bodies.increase()
                return ""
            }
            async let mail: Void = step.run("mail") { _ = bodies.increase() }
            async let crm = step.run("crm") { bodies.increase() }
            _ = try await (mail, crm)
            try await step.sleep("nap", for: .days(1))
            return id
        }
    }

    @Test("the same code replays the same, and no body runs")
    func replaysTheSame() async throws {
        let report = try await JournalReplay(same, journal: Journal.usual.bytes).check()
        #expect(report.isSame, "\(report)")
        #expect(report.steps == 4)
        #expect(!report.hasOtherOutput)
        #expect(bodies.count == 0)
        #expect(report.description == "run 01J of shop-onboard replays the same: 4 steps")
    }

    @Test("another output is no divergence")
    func otherOutput() async throws {
        var journal = Journal.usual
        journal.output = #""w2""#
        let report = try await JournalReplay(same, journal: journal.bytes).check()
        #expect(report.isSame && report.hasOtherOutput)
    }

    @Test("a step that is not asked for any more")
    func renamed() async throws {
        let function = onboard { _, step in
            let id = try await step.run("create") { "" }
            try await step.run("new-mail") {}
            return id
        }
        let report = try await JournalReplay(function, journal: Journal.usual.bytes).check()
        let divergence = try #require(report.divergence)
        #expect(divergence.expected?.position == 2)
        #expect(divergence.expected?.name == "crm")
        guard case .asksForOthers(let steps) = divergence.instead else {
            Issue.record("\(report)")
            return
        }
        #expect(steps.map(\.name) == ["new-mail"])
        #expect(steps[0].line.hasPrefix("SDKTestingTests/JournalReplayTests.swift:"))
        #expect(report.description.contains("diverges at step 2 of the history, crm (run)"))
    }

    @Test("the same steps in another order would lose results of runs that live")
    func reordered() async throws {
        let function = onboard { _, step in
            try await step.sleep("nap", for: .days(1))
            let id = try await step.run("create") { "" }
            try await step.run("mail") {}
            _ = try await step.run("crm") { 1 }
            return id
        }
        let report = try await JournalReplay(function, journal: Journal.usual.bytes).check()
        #expect(report.divergence?.expected?.name == "create")
    }

    @Test("a step that does something else under its old name")
    func otherKind() async throws {
        let function = onboard { _, step in
            try await step.sleep("create", for: .days(1))
            return ""
        }
        let report = try await JournalReplay(function, journal: Journal.usual.bytes).check()
        guard case .isAnotherKind(let step)? = report.divergence?.instead else {
            Issue.record("\(report)")
            return
        }
        #expect(step.kind == "sleep")
    }

    @Test("code that ends too early, fails, or goes on")
    func otherEnds() async throws {
        let early = onboard { _, step in try await step.run("create") { "" } }
        let report = try await JournalReplay(early, journal: Journal.usual.bytes).check()
        guard case .returns(#""w1""#)? = report.divergence?.instead else {
            Issue.record("\(report)")
            return
        }
        #expect(report.divergence?.expected?.position == 2)

        let decoding = onboard { _, step in
            String(try await step.run("create") { 1 })
        }
        let failing = try await JournalReplay(decoding, journal: Journal.usual.bytes).check()
        guard case .throwsError(let error)? = failing.divergence?.instead else {
            Issue.record("\(failing)")
            return
        }
        #expect(error.contains("StepResultError"))

        var short = Journal.usual
        short.entries.removeLast()
        let longer = try await JournalReplay(same, journal: short.bytes).check()
        #expect(longer.divergence?.expected == nil)
        #expect(longer.description.contains("after the end of the history: the code asks for sleep nap"))
    }

    @Test("a run that lives may go on, but must still ask for what is under way")
    func living() async throws {
        var journal = Journal.usual
        journal.status = "Running"
        journal.entries.removeLast()
        #expect(try await JournalReplay(same, journal: journal.bytes).check().isSame)
        journal.sleeping("nap")
        #expect(try await JournalReplay(same, journal: journal.bytes).check().isSame)
        journal.entries.removeLast(2)
        journal.sleeping("old-nap")
        let report = try await JournalReplay(same, journal: journal.bytes).check()
        #expect(report.divergence?.expected?.name == "old-nap")
    }

    @Test("a run that has failed and undone what it did")
    func undone() async throws {
        var journal = Journal()
        journal.status = "Failed"
        journal.finished("charge", "run", #"{"data":1}"#)
        journal.finished("compensation", "run", #"{"data":{"name":"MailError","message":"down"}}"#)
        journal.finished("refund", "run", #"{"data":null}"#)
        let function = onboard { _, step in
            _ = try await step.run("charge") { 1 }
            step.compensate("refund") {}
            throw MailError.down
        }
        let report = try await JournalReplay(function, journal: journal.bytes).check()
        #expect(report.isSame, "\(report)")
        let mended = onboard { _, step in
            _ = try await step.run("charge") { 1 }
            return ""
        }
        #expect(try await JournalReplay(mended, journal: journal.bytes).check().divergence?.expected?.position == 2)
    }

    @Test("what is no journal, or another function's, is refused")
    func refused() async throws {
        #expect(throws: JournalError.self) { try JournalReplay(same, journal: Array("{".utf8)) }
        #expect(throws: JournalError.self) { try JournalReplay(same, journal: Array("{}".utf8)) }
        #expect(throws: JournalError.self) { try JournalReplay(same, journalAt: "/nowhere") }
        var journal = Journal.usual
        journal.function = "shop-other"
        let error = #expect(throws: JournalError.self) { try JournalReplay(same, journal: journal.bytes) }
        #expect(error?.description.contains("shop-other") == true)
    }
}
