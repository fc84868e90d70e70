import ApusCore
import ArgumentParser

/// `apus pause FUNCTION`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Let a function start nothing and call none of its runs."
    )

    @OptionGroup var function: FunctionSwitch

    func run() async throws { try await function.pause(true) }
}

/// `apus resume FUNCTION`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Let a paused function go on.")

    @OptionGroup var function: FunctionSwitch

    func run() async throws { try await function.pause(false) }
}

extension SchedulesCommand {
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let no tick happen until it is resumed.")

        @OptionGroup var schedule: ScheduleSwitch

        func run() async throws { try await schedule.pause(true) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused schedule go on.")

        @OptionGroup var schedule: ScheduleSwitch

        func run() async throws { try await schedule.pause(false) }
    }
}

/// What can be paused: it is named, and a server knows it.
protocol Pausing: ParsableArguments {
    /// Pauses or resumes.
    /// - Returns: what has been, by name.
    func tell(_ isPaused: Bool) async throws -> [String]
}

extension Pausing {
    /// `{"paused": true}`.
    static func wish(_ isPaused: Bool) -> RawJSON {
        var writer = JSONWriter()
        writer.object { $0.member("paused", isPaused) }
        return writer.finish()
    }

    func pause(_ isPaused: Bool) async throws {
        try await failsWithOneLine {
            for name in try await tell(isPaused) { Logs.write("\(name) \(isPaused ? "is paused" : "goes on").\n") }
        }
    }
}

/// A function that is to be paused or resumed.
struct FunctionSwitch: Pausing {
    @Argument(help: "The function's id, with the app's: shop-checkout.")
    var function: String

    @OptionGroup var server: ServerOptions

    func tell(_ isPaused: Bool) async throws -> [String] {
        let path = "/v1/functions/\(function.asPathPart)/\(isPaused ? "pause" : "resume")"
        return [try await server.client.ask("POST", path).view["slug"]?.string ?? function]
    }
}

/// Schedules that are to be paused or resumed.
struct ScheduleSwitch: Pausing {
    @Argument(help: "A schedule's name or id, or that of a function, which means all its schedules.")
    var schedule: String

    @OptionGroup var server: ServerOptions

    func tell(_ isPaused: Bool) async throws -> [String] {
        try await ScheduleReference.change(schedule, server.client, Self.wish(isPaused))
    }
}
