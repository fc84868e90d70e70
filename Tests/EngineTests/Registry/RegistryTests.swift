import ApusCore
import Testing

@testable import ApusEngine

@Suite("Apps and functions")
struct RegistryTests {
    @Test("an app's functions get stable ids and version 1")
    func install() throws {
        let engine = CoreHarness()
        let answer = engine.register([function("app-f", on: "demo/x"), function("app-g")])
        #expect(answer == .registered(isModified: true, app: CoreHarness.app))
        let functions = engine.core.registry.functions(of: CoreHarness.app)
        #expect(functions.map(\.configuration.slug) == ["app-f", "app-g"])
        #expect(functions.map(\.version) == [1, 1])
        #expect(functions.allSatisfy { $0.app == CoreHarness.app && !$0.isArchived })
        #expect(Set(functions.map(\.id)).count == 2)

        let again = CoreHarness()
        again.register([function("app-g"), function("app-f", on: "demo/x")])
        #expect(again.core.registry.functions(of: CoreHarness.app).map(\.id) == functions.map(\.id))
        #expect(engine.core.registry.app(named: "app")?.syncedAt == engine.now)
        #expect(engine.core.registry.app(at: "http://app.test/api/inngest")?.id == CoreHarness.app)
    }

    @Test("an identical registration changes nothing")
    func unchanged() {
        let engine = CoreHarness()
        engine.register([function("app-f")], checksum: "1")
        engine.now += .seconds(5)
        let list = Registration(
            appName: "app", url: "http://app.test/api/inngest", functions: [function("app-f")], checksum: "1"
        )
        let decision = engine.feed(.register(list))
        #expect(decision.answer == .registered(isModified: false, app: CoreHarness.app))
        #expect(decision.writes.isEmpty)
        #expect(decision.effects.isEmpty)
    }

    @Test("a changed registration gives all of its functions the next version")
    func version() throws {
        let engine = CoreHarness()
        engine.register([function("app-f"), function("app-g")], checksum: "1")
        let before = engine.core.registry.functions(of: CoreHarness.app)
        let answer = engine.register([function("app-f", on: "demo/x"), function("app-g")], checksum: "2")
        let after = engine.core.registry.functions(of: CoreHarness.app)
        #expect(answer == .registered(isModified: true, app: CoreHarness.app))
        #expect(after.map(\.version) == [2, 2])
        #expect(after.map(\.id) == before.map(\.id))
    }

    @Test("a function that is left out is archived, starts no more and keeps the runs it has")
    func archive() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"), function("app-g", on: "demo/y"))
        engine.send("demo/x")
        engine.register([function("app-g", on: "demo/y")])
        let archived = try #require(engine.core.registry.functions(of: CoreHarness.app).first)
        #expect(archived.isArchived)
        #expect(archived.version == 1)
        #expect(engine.core.registry.activeFunctions.map(\.configuration.slug) == ["app-g"])
        #expect(engine.core.registry.function(named: "app-f") == nil)
        #expect(engine.core.registry.function(named: archived.id.description) == nil)
        #expect(!engine.core.registry.hasTrigger(for: "demo/x"))
        engine.send("demo/x")
        #expect(engine.runs.count == 1)
        try engine.answer(stepRun("a"))
        try engine.complete()
        #expect(try engine.onlyRun().status == .completed)
    }

    @Test("a function that comes back is the same function")
    func revive() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        let id = try #require(engine.core.registry.function(named: "app-f")).id
        engine.register([function("app-g")])
        engine.register([function("app-f", on: "demo/x")])
        let revived = try #require(engine.core.registry.function(named: "app-f"))
        #expect(revived.id == id)
        #expect(revived.version == 2)
        #expect(!revived.isArchived)
        #expect(engine.core.registry.function(named: "app-g") == nil)
    }

    @Test("two apps may listen to the same event; each archives only its own functions")
    func twoApps() {
        let engine = CoreHarness()
        engine.register([function("app-f", on: "demo/x")], as: "app")
        engine.register([function("other-f", on: "demo/x")], as: "other")
        engine.send("demo/x")
        #expect(engine.runs.map(\.start.functionSlug).sorted() == ["app-f", "other-f"])
        #expect(Set(engine.calls.map(\.app)).count == 2)
        engine.register([], as: "app")
        #expect(engine.core.registry.activeFunctions.map(\.configuration.slug) == ["other-f"])
    }

    @Test("a function is found by its id as by its slug")
    func named() throws {
        let engine = CoreHarness(function("app-f"))
        let found = try #require(engine.core.registry.function(named: "app-f"))
        #expect(engine.core.registry.function(named: found.id.description) == found)
        #expect(engine.core.registry.function(named: "f") == nil)
    }

    @Test("functions of the same slug are found in the same order by every process")
    func sameSlug() {
        let apps = (1...20).map { UUID16(high: UInt64($0), low: 0) }
        let functions = apps.map { app in
            FunctionRecord(
                id: UUID16(high: app.high, low: 1), app: app, version: 1, isArchived: false,
                configuration: function("a-b-c", on: "demo/x")
            )
        }
        let registry = Registry(functions: functions)
        #expect(registry.activeFunctions.map(\.id) == functions.map(\.id))
        #expect(registry.functions(startedBy: "demo/x").map(\.id) == functions.map(\.id))
    }

    @Test("a filter of a failure handler lets through the events of its function")
    func filter() {
        let engine = CoreHarness(
            function("app-f-failure", on: "inngest/function.failed", filter: .functionID("app-f"))
        )
        let registry = engine.core.registry
        func started(_ data: String) -> Int {
            registry.functions(startedBy: LifecycleEvent.failedName, data: json(data)).count
        }
        #expect(started(#"{"function_id":"app-f"}"#) == 1)
        #expect(started(#"{"function_id":"app-g"}"#) == 0)
        #expect(started(#"{"function_id":1}"#) == 0)
        #expect(started("{}") == 0)
        #expect(registry.hasTrigger(for: LifecycleEvent.failedName))
    }

    @Test("an app without functions says so until it has some")
    func emptyApp() {
        let engine = CoreHarness()
        engine.register([], checksum: "1")
        #expect(engine.core.registry.app(named: "app")?.error == "No functions registered within your app")
        engine.register([function("app-f")], checksum: "2")
        #expect(engine.core.registry.app(named: "app")?.error == nil)
    }

    @Test("a failed sync is noted at the app until the next good one")
    func syncFailure() {
        let engine = CoreHarness()
        engine.register([function("app-f")], checksum: "1")
        engine.feed(.syncFailed(url: "http://app.test/api/inngest", reason: "no answer"))
        #expect(engine.store.apps[CoreHarness.app]?.error == "no answer")
        let repeated = engine.feed(.syncFailed(url: "http://app.test/api/inngest", reason: "no answer"))
        #expect(repeated.writes.isEmpty)
        let unknown = engine.feed(.syncFailed(url: "http://other.test/", reason: "no answer"))
        #expect(unknown.writes.isEmpty)
        engine.register([function("app-f")], checksum: "1")
        #expect(engine.store.apps[CoreHarness.app]?.error == nil)
    }

    @Test("a shard adopts what another one made durable")
    func adopt() {
        let owner = CoreHarness(function("app-f", on: "demo/x"), shardCount: 2)
        let other = CoreHarness(shard: 1, shardCount: 2)
        let decision = other.feed(.registry(owner.core.registry))
        #expect(decision.writes.isEmpty)
        other.send("demo/x")
        #expect(other.calls.count == 1)
    }

    @Test("a new address is used from the next call on")
    func newAddress() throws {
        let engine = CoreHarness(function("app-f", on: "demo/x"))
        engine.send("demo/x")
        var moved = function("app-f", on: "demo/x")
        moved.stepURL = "http://moved.test/fn?stepId=step"
        engine.register([moved])
        try engine.answer(stepRun("a"))
        #expect(try engine.onlyCall().url == "http://moved.test/fn?stepId=step")
    }
}
