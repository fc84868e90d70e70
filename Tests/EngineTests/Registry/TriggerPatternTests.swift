import ApusCore
import ApusEngine
import Testing

@Suite("Trigger names and wildcards")
struct TriggerPatternTests {
    @Test(
        "an event's name matches itself and the part before each slash and dot",
        arguments: [
            ("app/user.created", ["app/user.created", "app/*", "app/user.*"]),
            ("api/v1/users", ["api/v1/users", "api/*", "api/v1/*"]),
            ("user.profile.updated", ["user.profile.updated", "user.*", "user.profile.*"]),
            ("simple", ["simple"]),
            ("größe/ü", ["größe/ü", "größe/*"]),
            ("a//b", ["a//b", "a/*", "a//*"]),
        ]
    )
    func patterns(name: String, expected: [String]) {
        #expect(TriggerPattern.patterns(matching: name) == expected)
    }

    @Test(
        "a star anywhere else never matches",
        arguments: [
            ("*", "app/user.created", false),
            ("app/*.created", "app/user.created", false),
            ("app/us*", "app/user.created", false),
            ("app/*", "app", false),
            ("app/*", "apps/user", false),
            ("app/*", "app/user.created", true),
            ("app/user.*", "app/user.created", true),
            ("app/user.*", "app/user", false),
            ("app/user.created", "app/user.created", true),
            ("app/user.created", "app/user.Created", false),
            ("inngest/*", "inngest/function.finished", true),
        ]
    )
    func matching(trigger: String, event: String, matches: Bool) {
        let engine = CoreHarness(function("app-f", on: trigger))
        #expect(engine.core.registry.functions(startedBy: event).isEmpty == !matches)
        #expect(engine.core.registry.hasTrigger(for: event) == matches)
    }
}
