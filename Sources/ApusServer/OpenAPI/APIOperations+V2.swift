import HTTPTypes

extension APIOperation {
    /// Everything is found under `/api/v2` as well.
    static let v2: [APIOperation] = v2Account + v2Runs + v2Apps + v2Absent

    private static let v2Account: [APIOperation] = [
        .init(.get, "/v2/health", "Whether the server answers.", .data("V2Health!")),
        .init(.get, "/v2/account", "The only account.", .data("V2Account!")),
        .init(
            .get, "/v2/envs", "The only environment.", query: "limit: Int", .page("[V2Environment!]!"), failures: [400]),
        .init(.get, "/v2/keys/events", "Event keys.", query: "limit: Int", .page("[V2Key!]!"), failures: [400]),
        .init(.get, "/v2/keys/signing", "Signing keys.", query: "limit: Int", .page("[V2Key!]!"), failures: [400]),
    ]

    private static let filters =
        "status: [String!] from: Date until: Date timeField: String order: String isDeferred: Boolean "
        + "includeOutput: Boolean cursor: String limit: Int"

    private static let v2Runs: [APIOperation] = [
        .init(
            .post, "/v2/events", "Sends one event.", body: "V2NewEvent", .data("V2SentEvent!"), failures: [400, 413]
        ),
        .init(
            .get, "/v2/events/{id: ULID}/runs", "The runs of an event.",
            query: "includeOutput: Boolean cursor: String limit: Int", .page("[V2Run!]!"), failures: [400, 404]
        ),
        .init(
            .get, "/v2/runs", "Finds runs.", query: "appId: [String!] functionId: [String!] \(filters)",
            .page("[V2Run!]!"), failures: [400]
        ),
        .init(
            .get, "/v2/apps/{app}/functions/{function}/runs", "The runs of a function.", query: filters,
            .page("[V2Run!]!"), failures: [400, 404]
        ),
        .init(
            .get, "/v2/runs/{id: ULID}", "One run.", query: "includeOutput: Boolean", .data("V2Run!"),
            failures: [400, 404]
        ),
        .init(
            .get, "/v2/runs/{id: ULID}/trace", "A run as a tree of spans.", query: "includeOutput: Boolean",
            .data("V2Trace!"), failures: [400, 404]
        ),
        .init(
            .post, "/v2/runs/{id: ULID}/cancel", "Cancels a run.", .data("V2RunReference!"), failures: [400, 404, 409]
        ),
        .init(
            .post, "/v2/runs/{id: ULID}/rerun", "Repeats a run.", body: "V2Rerun", isBodyRequired: false,
            .data("V2RunReference!"), failures: [400, 404, 413, 422]
        ),
        .init(
            .post, "/v2/runs/{id: ULID}/scores", "Says what somebody thinks of a run or a step.",
            body: "[V2NewScore!]!", .data("[V2Score!]!"), failures: [400, 404, 413]
        ),
    ]

    private static let v2Apps: [APIOperation] = [
        .init(
            .get, "/v2/apps", "Apps.", query: "archived: Boolean cursor: UUID limit: Int", .page("[V2App!]!"),
            failures: [400]
        ),
        .init(.get, "/v2/apps/{app}", "One app.", .data("V2App!"), failures: [400, 404]),
        .init(
            .get, "/v2/apps/{app}/functions", "The functions of an app.",
            query: "archived: Boolean cursor: UUID limit: Int", .page("[V2Function!]!"), failures: [400, 404]
        ),
        .init(
            .get, "/v2/apps/{app}/functions/{function}", "One function.", .data("V2Function!"), failures: [400, 404]
        ),
        .init(
            .post, "/v2/apps/{app}/functions/{function}/invoke",
            "Runs a function once; 409 for a key that has been used.",
            body: "V2Invocation", .data("V2RunReference!"), failures: [400, 404, 409, 413, 422]
        ),
    ]

    /// What only the hosted service has.
    private static let absent: [(HTTPRequest.Method, String)] = [
        (.post, "/v2/envs"), (.patch, "/v2/envs/{id}"), (.get, "/v2/partner/accounts"),
        (.post, "/v2/partner/accounts"), (.get, "/v2/env/webhooks"), (.post, "/v2/env/webhooks"),
        (.post, "/v2/apps/{app}/syncs"), (.get, "/v2/insights/{name}"), (.post, "/v2/insights/{name}"),
        (.get, "/v2/experiments"), (.get, "/v2/sessions"), (.get, "/v2/sessions/{id}"), (.get, "/v2/sandboxes"),
        (.post, "/v2/sandboxes"), (.get, "/v2/sandboxes/{id}"), (.delete, "/v2/sandboxes/{id}"),
    ]

    private static let v2Absent = absent.map { method, path in
        APIOperation(method, path, "Not there: only the hosted service has it.", .bare("V2Errors!"), status: 501)
    }
}
