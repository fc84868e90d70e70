#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How a function is tested.
public struct TestSettings: Sendable {
    /// What happens to the handler between two calls of its run.
    public enum Handlers: Sendable {
        /// It is thrown away: each call begins from the top with what is known, as after a crash or on another machine.
        /// Code outside of steps that is not the same each time shows.
        case replayed
        /// It is kept and steps that follow one another run in one call, as is usual in production.
        case kept
        /// Both, one after the other; `run` throws when the function does not do the same, and returns the first.
        case both
    }

    /// Whether a step whose body has no mock fails the test, instead of running.
    public var onlyMocks = false
    /// What happens to the handler between two calls.
    public var handlers = Handlers.replayed
    /// When the run starts, on the clock of the test.
    public var start = Date()
    /// Steps after which the run is stopped.
    public var stepLimit = 10_000
    /// Real time that a call of the function may take; then the run is stopped. Longer where the machine has no time for it.
    public var timeLimit = Duration.seconds(60)

    /// The usual: what is not mocked runs.
    public init() {}

    /// Nothing runs that is not mocked.
    public static var onlyMocks: TestSettings {
        var settings = TestSettings()
        settings.onlyMocks = true
        return settings
    }

    /// Once with a new handler for each call and once with one for all of them.
    public static var bothWays: TestSettings {
        var settings = TestSettings()
        settings.handlers = .both
        return settings
    }
}
