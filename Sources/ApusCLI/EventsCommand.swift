import ApusCore
import ArgumentParser

/// `apus events …`: events that have come in, and those of a time that has not come.
struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "List, follow or show events; show or cancel those of a time that has not come.",
        subcommands: [List.self, Tail.self, Show.self, Scheduled.self, Cancel.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "ls", abstract: "List events, the newest first.")

        @OptionGroup var choice: EventChoice

        @Option(help: "Events received before this time.")
        var until: String?

        @Option(help: "Events that are printed at most, up to 50.")
        var limit = 20

        @Option(help: "The id of the event after which the list goes on.")
        var cursor: String?

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let query = choice.query([
                    ("received_before", until), ("limit", "\(limit)"), ("cursor", cursor),
                ])
                let events = try await server.client.ask("GET", "/v1/events?" + query)
                try output.write(events, ["EVENT", "RECEIVED", "NAME", "DATA"], "There are no such events.") {
                    EventsCommand.cells($0)
                }
                if !output.json, events.view.count == limit, let last = events.view.elements.map({ $0 }).last {
                    Logs.write("There may be more: go on with --cursor \(last["internal_id"]?.string ?? "")\n")
                }
            }
        }

        func validate() throws {
            if limit < 1 || limit > 50 { throw ValidationError("--limit must be a number from 1 to 50.") }
        }
    }

    struct Tail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print events as they come in, until it is interrupted."
        )

        @OptionGroup var choice: EventChoice

        @Option(help: "End after so many events.")
        var count: Int?

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                let query = choice.query([("limit", "50")])
                // What is there already is not printed, unless a time was given.
                var known = choice.since == nil ? Self.ids(try await client.ask("GET", "/v1/events?" + query)) : []
                var left = count ?? .max
                while left > 0 {
                    let events = try await client.ask("GET", "/v1/events?" + query)
                    // Ids begin with the time: what is older than all that is known was listed before.
                    let newest = known.map { $0.prefix(10) }.max() ?? ""
                    let new = events.view.elements.filter { event in
                        let id = event["internal_id"]?.string ?? ""
                        return !known.contains(id) && id.prefix(10) >= newest
                    }
                    for event in new.reversed().prefix(left) {
                        if output.json {
                            output.write(event.raw)
                        } else {
                            Logs.write(TextTable(EventsCommand.cells(event)).text)
                        }
                    }
                    left -= min(new.count, left)
                    known = Self.ids(events)
                    if left > 0 { try await Task.sleep(for: .milliseconds(500)) }
                }
            }
        }

        private static func ids(_ events: RawJSON) -> Set<String> {
            Set(events.view.elements.compactMap { $0["internal_id"]?.string })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print an event, and what each function made of it."
        )

        @Argument(help: "The event's id.")
        var id: String

        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let client = try server.client
                guard ULID(id) != nil, let event = try await client.find("GET", "/v1/events/\(id)", isOptional: true)
                else { throw PlainFailure("There is no event \(id).") }
                let outcomes = try await client.ask("GET", "/v1/events/\(id)/outcomes")
                if output.json { return output.write(object: [("event", event), ("outcomes", outcomes)]) }
                var table = TextTable(["event", event.view["internal_id"]?.string ?? ""])
                for (label, key) in [("id", "id"), ("name", "name"), ("received", "received_at")] {
                    if let text = event.view[key]?.string { table.add([label, text]) }
                }
                table.add(["data", event.view["data"]?.raw.description ?? "{}"])
                for outcome in outcomes.view.elements {
                    table.add([outcome["outcome"]?.string ?? "", outcome["reason"]?.string ?? ""])
                }
                Logs.write(table.text)
            }
        }
    }

    private static func cells(_ event: JSONView) -> [String] {
        let data = event["data"]?.raw.description ?? ""
        return [
            event["internal_id"]?.string ?? "", event["received_at"]?.string ?? "", event["name"]?.string ?? "",
            data.count > 60 ? data.prefix(59) + "…" : data,
        ]
    }

    /// Which events are meant.
    struct EventChoice: ParsableArguments {
        @Option(help: "Only events of this name.")
        var name: String?

        @Option(help: "Events received from this time on, such as 2026-01-31T12:00:00Z; an hour ago unless you say.")
        var since: String?

        func query(_ more: [(String, String?)]) -> String {
            ([("name", name), ("received_after", since)] + more)
                .compactMap { name, value in value.map { "\(name)=\($0.asPathPart)" } }.joined(separator: "&")
        }
    }

    struct Scheduled: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List what is to start later, the soonest first.")

        @Option(help: "Runs that are printed at most.")
        var limit = 100

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("GET", "/v1/scheduled-events?limit=\(limit)")
                for event in answer.view["events"]?.elements.map({ $0 }) ?? [] {
                    let words = ["starts_at", "name", "event_id", "function", "run_id"].compactMap {
                        event[$0]?.string
                    }
                    Logs.write(words.joined(separator: "  ") + "\n")
                }
                if answer.view["events"]?.count == 0 { Logs.write("Nothing is to start later.\n") }
                if answer.view["cursor"]?.string != nil { Logs.write("There may be more.\n") }
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel the runs of an event that have not started."
        )

        @Argument(help: "The event's id.")
        var id: String

        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await failsWithOneLine {
                let answer = try await server.client.ask("DELETE", "/v1/scheduled-events/\(id.asPathPart)")
                let count = answer.view["cancelled"]?.int ?? 0
                Logs.write(count == 1 ? "1 run is cancelled.\n" : "\(count) runs are cancelled.\n")
            }
        }
    }
}
