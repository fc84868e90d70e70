import ApusStore
import Testing

@testable import ApusSQLite

/// How SQLite finds listeners, and those that something has been interrupted for: however many there
/// are, it looks at those that are wanted alone.
@Suite struct SQLitePlanTests {
    private let store: SQLiteStore

    init() throws {
        store = try SQLiteStore(.temporary)
    }

    @Test("listeners are found by topic and key, in their order and from the cursor on")
    func listeners() throws {
        let plan = try plan(of: ReadSession.listenersQuery)
        #expect(plan.contains { $0.contains("listeners_by_key (topic=? AND key=? AND (run,number)>(?,?))") }, "\(plan)")
        expectSearches(plan)
        expectSearches(try self.plan(of: ReadSession.topicsQuery))
    }

    @Test("a run's listeners are found by the run")
    func runs() throws {
        for statement in [\WriteStatements.unlisten, \.unlistenAll, \.lookedBack] {
            let plan = try plan(of: try store.write { $0.statements[keyPath: statement].sql })
            #expect(plan.allSatisfy { $0.hasPrefix("SEARCH listeners USING PRIMARY KEY (run=?") }, "\(plan)")
            expectSearches(plan)
        }
    }

    @Test("looks that were interrupted are found by the shard's stretch")
    func looks() throws {
        let events = try plan(of: Writer.pendingLooksQuery)
        #expect(events.first?.hasPrefix("SEARCH looks USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)") == true)
        expectSearches(events)
        let listeners = try plan(of: Writer.lookingBackQuery)
        #expect(listeners.first?.contains("INDEX listeners_looking_back (run>? AND run<?)") == true, "\(listeners)")
        expectSearches(listeners)
        expectSearches(try plan(of: try store.write { $0.statements.lookDone.sql }))
    }

    @Test("topics without listeners are found by one look into the index for each topic")
    func topics() throws {
        let plan = try plan(of: Writer.topicsRemoval)
        let looks = plan.filter { $0.contains("listeners") }
        #expect(!looks.isEmpty && looks.allSatisfy { $0.contains("listeners_by_key (topic=?)") }, "\(plan)")
        #expect(!plan.contains { $0.contains("TEMP B-TREE") })
    }

    @Test("runs that start later are found by their time, in its order and from the cursor on")
    func starts() throws {
        let plan = try plan(of: ReadSession.startsQuery)
        #expect(plan.first?.contains("live USING INDEX live_to_start (alarm>?)") == true, "\(plan)")
        expectSearches(plan)
    }

    @Test("searches for runs walk along an index", arguments: [true, false])
    func searches(isOldestFirst: Bool) throws {
        let bounds = isOldestFirst ? "created_at>?" : "created_at<?"
        for (index, expected) in [
            (RunPath.Index.all, "runs_by_time (\(bounds))"),
            (.function(1), "runs_by_function (function=? AND \(bounds))"),
            (.status(2), "runs_by_status (status=? AND \(bounds))"),
        ] {
            let plan = try plan(of: RunPath.sql(index, isOldestFirst: isOldestFirst))
            #expect(plan.first?.hasSuffix(expected) == true, "\(plan)")
            expectSearches(plan)
        }
    }

    @Test("schedules that have fired once are found by their time, and pages of schedules by the id")
    func eventSchedules() throws {
        let fired = try plan(of: try store.write { $0.statements.forgetFired.sql })
        #expect(fired.first?.contains("INDEX event_schedules_due (shard=? AND due") == true, "\(fired)")
        expectSearches(fired)
        let page = try plan(of: ReadSession.eventSchedulesQuery)
        #expect(page.first?.contains("sqlite_autoindex_event_schedules_1 (id>?)") == true, "\(page)")
        expectSearches(page)
    }

    private func expectSearches(_ plan: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        let isSearch = !plan.isEmpty && !plan.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }
        #expect(isSearch, "\(plan)", sourceLocation: sourceLocation)
    }

    private func plan(of sql: String) throws -> [String] {
        try store.write { writer in
            let explain = try Statement("EXPLAIN QUERY PLAN \(sql)", on: writer.connection)
            var steps: [String] = []
            while try explain.step() { steps.append(explain.text(3)) }
            return steps
        }
    }
}
