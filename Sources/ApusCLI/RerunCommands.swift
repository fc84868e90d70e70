import ApusCore
import ArgumentParser

/// `apus runs rerun RUN`: a new run that repeats one.
struct RerunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerun", abstract: "Start a run that repeats another one, and print its id.",
        discussion:
            "Without --from and --step, a run that failed or was cancelled is repeated from its failure, and any "
            + "other one from its beginning."
    )

    @Argument(help: "The run's id.")
    var run: String

    @Option(help: "failure or beginning.")
    var from: String?

    @Option(help: "The name or the id of the step to begin at.")
    var step: String?

    @Option(help: "With --step: arguments for it, a JSON array.")
    var input: String?

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if from != nil, step != nil { throw ValidationError("--from and --step cannot be given together.") }
        if input != nil, step == nil { throw ValidationError("--input needs --step.") }
    }

    func run() async throws {
        try await failsWithOneLine {
            let answer = try await server.client.ask("POST", "/v1/runs/\(run.asPathPart)/rerun", try wish)
            Logs.write((answer.view["run_id"]?.string ?? "") + "\n")
        }
    }

    private var wish: RawJSON {
        get throws {
            var writer = JSONWriter()
            writer.beginObject()
            if let from {
                writer.key("from")
                writer.value(from)
            }
            if let step {
                writer.key("from_step")
                writer.beginObject()
                writer.key("id")
                writer.value(step)
                if let input {
                    guard let json = try? RawJSON(parsing: input), json.view.kind == .array else {
                        throw PlainFailure("--input must be a JSON array such as '[1, \"two\"]'.")
                    }
                    writer.key("input")
                    writer.raw(json)
                }
                writer.endObject()
            }
            writer.endObject()
            return writer.finish()
        }
    }
}

/// `apus runs wake RUN`.
struct WakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wake", abstract: "Let a run wait no longer for a sleep, a retry or a start that lies ahead."
    )

    @Argument(help: "The run's id.")
    var run: String

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await failsWithOneLine {
            let answer = try await server.client.ask("POST", "/v1/runs/\(run.asPathPart)/wake")
            let count = answer.view["woken"]?.int ?? 0
            Logs.write(count > 0 ? "\(run) is woken.\n" : "\(run) waits for no time that could be cut short.\n")
        }
    }
}

/// `apus replays …`: many runs repeated at once.
struct ReplaysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replays", abstract: "Repeat all runs of a function that ended in a stretch of time.",
        subcommands: [List.self, Start.self, Pause.self, Resume.self, Stop.self],
        aliases: ["replay"]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls", abstract: "List replays and how far they are."
        )

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let replays = try await server.client.ask("GET", "/v1/replays")
                let columns = ["REPLAY", "STATE", "FUNCTION", "STARTED", "SKIPPED", "OF", "ORDERED", "BY"]
                try output.write(replays, columns, "There are no replays.") { replay in
                    let texts = ["id", "state", "function_id"].map { replay[$0]?.string ?? "" }
                    let numbers = ["started", "skipped", "runs"].map { "\(replay[$0]?.int ?? 0)" }
                    return texts + numbers + ["created_at", "created_by"].map { replay[$0]?.string ?? "" }
                }
            }
        }
    }

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Repeat runs; --preview counts them and starts nothing."
        )

        @Argument(help: "The function's id, with the app's: shop-checkout.")
        var function: String

        @Option(help: "How they ended: failed, cancelled or completed; several with commas.")
        var status = "failed"

        @Option(help: "Runs that ended from this time on, such as 2026-01-31T12:00:00Z.")
        var from: String?

        @Option(help: "Runs that ended before this time; now unless you say.")
        var until: String?

        @Option(help: "Where they begin: failure or beginning.")
        var start = "failure"

        @Option(help: "Runs that are started in a minute at most.")
        var perMinute: Int?

        @Flag(help: "Count them and start nothing.")
        var preview = false

        @Flag(help: "Stay until all have started, and say how far it is.")
        var wait = false

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                let plan = try await client.ask("POST", "/v1/replays", wish).view
                let count = plan["runs"]?.int ?? 0
                let atLeast = plan["is_complete"]?.bool == false ? "at least " : ""
                let runs = count == 1 ? "1 run" : "\(atLeast)\(count) runs"
                guard let id = plan["replay"]?["id"]?.string else {
                    return Logs.write(preview ? "\(runs) would be repeated.\n" : "No run matches.\n")
                }
                Logs.write("Replay \(id) repeats \(runs).\n")
                guard wait else { return }
                try await ProgressBar.follow {
                    let replay = try await client.ask("GET", "/v1/replays/\(id)").view
                    let (started, skipped) = (replay["started"]?.int ?? 0, replay["skipped"]?.int ?? 0)
                    let isOpen = ["running", "paused"].contains(replay["state"]?.string)
                    let end = "\(replay["state"]?.string ?? ""): \(started) started, \(skipped) left out.\n"
                    return (started + skipped, replay["runs"]?.int ?? 0, isOpen ? nil : end)
                }
            }
        }

        private var wish: RawJSON {
            var writer = JSONWriter()
            writer.beginObject()
            func member(_ key: String, _ value: String?) {
                guard let value else { return }
                writer.key(key)
                writer.value(value)
            }
            member("from", from)
            member("function_id", function)
            if let perMinute {
                writer.key("per_minute")
                writer.value(perMinute)
            }
            writer.key("preview")
            writer.value(preview)
            member("start", start)
            writer.key("status")
            writer.beginArray()
            for state in status.split(separator: ",") { writer.value(String(state)) }
            writer.endArray()
            member("until", until)
            writer.endObject()
            return writer.finish()
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Start no further run until it is resumed.")

        @OptionGroup var replay: ReplaySwitch

        func run() async throws { try await replay.pause(true) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused replay go on.")

        @OptionGroup var replay: ReplaySwitch

        func run() async throws { try await replay.pause(false) }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Start nothing more of a replay.")

        @Argument(help: "The replay's id.")
        var replay: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("DELETE", "/v1/replays/\(replay.asPathPart)")
                let (started, runs) = (answer.view["started"]?.int ?? 0, answer.view["runs"]?.int ?? 0)
                Logs.write("\(answer.view["state"]?.string ?? ""): \(started) of \(runs) runs have started.\n")
            }
        }
    }
}

/// A replay that is to be paused or resumed.
struct ReplaySwitch: Pausing {
    @Argument(help: "The replay's id.")
    var replay: String

    @OptionGroup var server: ServerOptions

    func tell(_ isPaused: Bool) async throws -> [String] {
        _ = try await server.client.ask("PATCH", "/v1/replays/\(replay.asPathPart)", Self.wish(isPaused))
        return ["Replay \(replay)"]
    }
}
