import HTTPTypes

extension APIOperation {
    /// How events come in and apps register, and what tells of the server itself.
    static let ingress: [APIOperation] = [
        .init(
            .post, "/e/{key}", "Sends one event or an array of them.", body: "SentEvents", .bare("SentAnswer!"),
            failures: [400, 413]
        ),
        .init(.post, "/e", "Refused: an event key is needed.", .bare("SentAnswer!"), status: 401),
        .init(
            .post, "/invoke/{slug}", "Runs a function; an unknown one starts nothing.", body: "Map",
            .bare("InvokeAnswer!"), failures: [400, 413]
        ),
        .init(
            .post, "/fn/register", "Registers an app with its functions.", body: "Map", .bare("Registered!"),
            failures: [400, 413]
        ),
        .init(.get, "/health", "Whether the server answers.", .bare("Health!")),
        .init(.get, "/dev", "How the server was started, and the functions it knows.", .bare("Map!")),
        .init(.get, "/metrics", "Figures in the text format of Prometheus.", .text("text/plain")),
        .init(.get, "/openapi.json", "This document.", .bare("Map!")),
    ]

    static let v1: [APIOperation] =
        older + v1Events + v1Runs + v1Endpoints + v1Realtime + v1Functions + v1Schedules + v1Cancellations

    private static let v1Endpoints: [APIOperation] = [
        .init(
            .post, "/v1/checkpoint", "Takes a run that an app has begun in the handling of an HTTP request.",
            body: "EndpointStart", .data("EndpointRun!"), failures: [400, 409, 413, 429]
        ),
        .init(
            .post, "/v1/http/runs", "The same.", body: "EndpointStart", .data("EndpointRun!"),
            failures: [400, 409, 413, 429]
        ),
        .init(
            .post, "/v1/checkpoint/{id}/steps", "Takes what an app has done for such a run.", body: "EndpointReport",
            .nothing, failures: [400, 404, 409, 413]
        ),
        .init(
            .post, "/v1/http/runs/{id}/steps", "The same.", body: "EndpointReport", .nothing,
            failures: [400, 404, 409, 413]
        ),
        .init(
            .get, "/v1/checkpoint/{id: ULID}/output",
            "Waits for the result of such a run and answers as its endpoint did, with any status and type.",
            query: "token: String", .text("application/json"), failures: [401]
        ),
        .init(
            .get, "/v1/http/runs/{id: ULID}/output", "The same.", query: "token: String", .text("application/json"),
            failures: [401]
        ),
    ]

    private static let v1Realtime: [APIOperation] = [
        .init(
            .post, "/v1/realtime/token", "Makes a token with which one may listen to topics for a minute.",
            body: "[RealtimeTopic!]", .bare("RealtimeToken!"), status: 201, failures: [400, 413]
        ),
        .init(
            .post, "/v1/realtime/publish",
            "Sends a message to those who listen to a topic; of the type text/stream, in chunks as it comes.",
            query: "channel: String topic: String run_id: String metadata: String", body: "Any", isBodyRequired: false,
            .nothing, failures: [400, 413]
        ),
        .init(
            .post, "/v1/realtime/publish/tee", "Passes bytes on to those who listen to the stream of a run.",
            query: "channel: String", .nothing, failures: [400]
        ),
        .init(
            .get, "/v1/realtime/sse", "What is published to the topics of the token, as server-sent events.",
            query: "token: String", .text("text/event-stream"), failures: [401]
        ),
        .init(
            .get, "/v1/realtime/connect", "The same through a WebSocket.", query: "token: String", .nothing,
            status: 101, failures: [400, 401, 426]
        ),
    ]

    private static let older: [APIOperation] = [
        .init(
            .post, "/v0/gql", "GraphQL operations of SDKs' test suites.", body: "GraphQLRequest",
            .bare("GraphQLAnswer!"), failures: [400, 413, 422]
        ),
        .init(
            .delete, "/v0/runs/{id: ULID}", "Cancels a run that has not ended.", .nothing, status: 204,
            failures: [400, 404]),
        .init(
            .get, "/v0/runs/{id: ULID}/actions", "The results of a living run's steps, which SDKs fetch.",
            .bare("Map!"), failures: [400, 410]
        ),
        .init(
            .get, "/v0/runs/{id: ULID}/batch", "The events of a living run, which SDKs fetch.", .bare("[Map!]!"),
            failures: [400, 410]
        ),
    ]

    private static let v1Events: [APIOperation] = [
        .init(
            .get, "/v1/events", "Events, newest first; of the last hour unless received_after is given.",
            query: "limit: String cursor: ULID received_after: Date received_before: Date name: String",
            .data("[V1Event!]!"), failures: [400]
        ),
        .init(.get, "/v1/events/{id: ULID}", "One event.", .data("V1Event!"), failures: [400, 404]),
        .init(.get, "/v1/events/{id: ULID}/runs", "The runs of an event.", .data("[V1Run!]!"), failures: [400]),
        .init(
            .get, "/v1/events/{id: ULID}/outcomes", "What each function made of an event.", .data("[Outcome!]!"),
            failures: [400, 404]
        ),
        .init(
            .get, "/v1/scheduled-events", "Runs of events of a time that has not come.",
            query: "limit: Int cursor: String", .data("ScheduledEvents!"), failures: [400]
        ),
        .init(
            .delete, "/v1/scheduled-events/{id: ULID}", "Cancels what such an event is to start.",
            .data("WithdrawnEvent!"), failures: [400, 404]
        ),
    ]

    private static let filters =
        "status: String function: String app: String from: Date until: Date time: String if: String order: String "
        + "output: Boolean limit: Int cursor: String"

    private static let v1Runs: [APIOperation] = [
        .init(.get, "/v1/runs", "Finds runs.", query: filters, .data("V1RunList!"), failures: [400]),
        .init(
            .get, "/v1/runs/counts", "How many runs came into each state, by equal parts of a stretch of time.",
            query: "from: Date until: Date buckets: Int function: String app: String", .data("RunCounts!"),
            failures: [400]
        ),
        .init(
            .get, "/v1/runs/stream", "Changes of runs as server-sent events: run, gap.", query: filters,
            .text("text/event-stream"), failures: [400]
        ),
        .init(.get, "/v1/runs/{id: ULID}", "One run.", .data("V1Run!"), failures: [400, 404]),
        .init(.delete, "/v1/runs/{id: ULID}", "Cancels a run.", .nothing, failures: [400, 404]),
        .init(
            .post, "/v1/checkpoint/{id}/async", "Takes steps that a call reports while it goes on.",
            body: "Checkpoint", .nothing, failures: [400, 409, 413]
        ),
        .init(
            .post, "/v1/http/runs/{id}/async", "The same.", body: "Checkpoint", .nothing, failures: [400, 409, 413]
        ),
        .init(.get, "/v1/runs/{id: ULID}/jobs", "What a run will do next.", .data("[Job!]!"), failures: [400, 404]),
        .init(
            .get, "/v1/runs/{id: ULID}/journal", "The whole history of a run.", .data("Journal!"), failures: [400, 404]
        ),
        .init(
            .get, "/v1/runs/{id: ULID}/journal/stream", "The history as it happens, as server-sent events: entry, end.",
            .text("text/event-stream"), failures: [400, 404]
        ),
        .init(
            .post, "/v1/runs/{id: ULID}/rerun", "Starts a run that repeats another one.", body: "RerunOrder",
            isBodyRequired: false, .data("RepeatedRun!"), status: 201, failures: [400, 404, 409, 413]
        ),
        .init(
            .post, "/v1/runs/{id: ULID}/metadata", "Notes something with a run, a step or an attempt.",
            body: "MetadataOrder", .nothing, failures: [400, 404, 413]
        ),
        .init(
            .post, "/v1/traces/userland", "Takes spans that an app made while it was called, by OTLP.", body: "Any",
            .bare("SpanExportAnswer!"), failures: [400, 413, 415]
        ),
        .init(
            .post, "/v1/runs/{id: ULID}/wake", "Ends what a run waits for by the clock.", .data("WokenRun!"),
            failures: [400, 404]
        ),
        .init(
            .post, "/v1/replays", "Repeats all runs of a function that ended in a stretch of time.",
            body: "ReplayOrder", .data("ReplayPlan!"), status: 201, failures: [200, 400, 404, 409, 413, 429]
        ),
        .init(.get, "/v1/replays", "Such orders.", .data("[Replay!]!")),
        .init(.get, "/v1/replays/{id: ULID}", "One of them.", .data("Replay!"), failures: [400, 404]),
        .init(
            .patch, "/v1/replays/{id: ULID}", "Pauses, resumes or paces it.", body: "ReplayChange", .data("Replay!"),
            failures: [400, 404, 413]
        ),
        .init(.delete, "/v1/replays/{id: ULID}", "Stops it.", .data("Replay!"), failures: [400, 404]),
        .init(
            .post, "/v1/signals", "Wakes the run that waits for a signal.", body: "Signal", .data("SignalledRun!"),
            failures: [400, 404, 413]
        ),
    ]

    private static let v1Functions: [APIOperation] = [
        .init(.get, "/v1/apps", "The apps, and addresses that have not registered.", .data("[ListedApp!]!")),
        .init(
            .post, "/v1/apps", "Asks an address for its functions.", body: "AppAddress", .data("ListedApp!"),
            failures: [400, 413]
        ),
        .init(.get, "/v1/apps/{id}/functions", "The functions of an app.", .bare("[V1Function!]!")),
        .init(
            .get, "/v1/prom/{env}", "Not there; see /metrics.", .bare("Error!"), status: 501
        ),
        .init(
            .post, "/v1/functions/{id}/pause", "Lets a function start nothing.", .data("PausedFunction!"),
            failures: [404]),
        .init(.post, "/v1/functions/{id}/resume", "Lets it go on.", .data("PausedFunction!"), failures: [404]),
        .init(
            .get, "/v1/functions/{id}/queue", "What waits in a function.", query: "limit: String", .data("Queue!"),
            failures: [404]
        ),
        .init(
            .post, "/v1/functions/{id}/queue/drain", "Discards what waits.", body: "DrainOrder", isBodyRequired: false,
            .data("Cancellation!"), failures: [400, 404, 413]
        ),
        .init(
            .post, "/v1/functions/{id}/queue/move", "Lets another function take over what waits.", body: "MoveOrder",
            .data("Cancellation!"), failures: [400, 404, 409, 413]
        ),
        .init(
            .get, "/v1/functions/{id}/limits", "The limits of a function.", .data("FunctionLimits!"), failures: [404]),
        .init(
            .put, "/v1/functions/{id}/limits", "Sets limits in place of the registered ones.", body: "Limits",
            .data("FunctionLimits!"), failures: [400, 404, 413]
        ),
        .init(
            .delete, "/v1/functions/{id}/limits", "Takes them back.", .data("FunctionLimits!"), failures: [404]
        ),
        .init(.get, "/v1/audit", "Who changed what, newest first.", query: "limit: String", .data("[AuditEntry!]!")),
    ]

    private static let v1Schedules: [APIOperation] = [
        .init(
            .get, "/v1/schedules", "Cron triggers and schedules that send events.",
            query: "limit: Int cursor: String kind: String", .page("[Schedule!]!"), failures: [400]
        ),
        .init(
            .post, "/v1/schedules", "Makes a schedule that sends an event.", body: "NewSchedule", .data("Schedule!"),
            status: 201, failures: [200, 400, 404, 409, 413, 429]
        ),
        .init(
            .get, "/v1/schedules/{id}", "One schedule, by its id or name.", .data("Schedule!"), failures: [400, 404]),
        .init(
            .put, "/v1/schedules/{id}", "Makes or replaces a schedule that sends an event.", body: "NewSchedule",
            .data("Schedule!"), failures: [201, 400, 404, 409, 413, 429]
        ),
        .init(
            .patch, "/v1/schedules/{id}", "Pauses, resumes or sets a schedule.", body: "ScheduleChange",
            .data("Schedule!"), failures: [400, 404, 413]
        ),
        .init(
            .delete, "/v1/schedules/{id}", "Removes a schedule that sends an event.", .nothing, status: 204,
            failures: [400, 404, 409]
        ),
        .init(
            .get, "/v1/schedules/{id}/next", "Its next times.", query: "count: Int", .data("NextTicks!"),
            failures: [400, 404]
        ),
        .init(
            .get, "/v1/schedules/{id}/ticks", "The newest ticks of a cron trigger.", query: "limit: Int",
            .data("[ScheduleTick!]!"), failures: [400, 404]
        ),
        .init(
            .post, "/v1/schedules/{id}/run", "Runs it now.", .data("ScheduleEvent!"), failures: [400, 404, 409]
        ),
        .init(
            .post, "/v1/schedules/{id}/backfill", "Runs ticks of the past.", body: "BackfillOrder",
            .data("BackfillPlan!"), failures: [400, 404, 413]
        ),
        .init(
            .get, "/v1/schedules/{id}/backfills", "Backfills of a schedule.", .data("[Backfill!]!"),
            failures: [400, 404]
        ),
        .init(
            .delete, "/v1/schedules/{id}/backfills/{backfill: ULID}", "Stops a backfill.", .data("Backfill!"),
            failures: [400, 404]
        ),
        .init(.get, "/v1/backfills", "All backfills.", .data("[Backfill!]!")),
    ]

    private static let v1Cancellations: [APIOperation] = [
        .init(
            .post, "/v1/cancellations", "Cancels the runs of a function that began in a stretch of time.",
            body: "CancellationOrder", .data("Cancellation!"), failures: [400, 404, 413]
        ),
        .init(.get, "/v1/cancellations", "Such orders.", .data("[Cancellation!]!")),
        .init(
            .delete, "/v1/cancellations/{id: ULID}", "Takes an order back.", .data("Done!"), failures: [400, 404]
        ),
    ]
}
