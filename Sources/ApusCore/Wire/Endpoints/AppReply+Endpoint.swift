extension AppReply {
    /// What an app's answer means when an endpoint was entered again.
    ///
    /// A list of ops is what it always is. Anything else is the endpoint's own answer to whoever asked first: below
    /// 300 it is the run's result, above it is a failed attempt. It need not come from an SDK.
    public static func decodeEndpoint(
        _ reply: RawReply, now: Timestamp, limits: ReplyLimits = .default
    ) -> AppReply {
        var reply = reply
        var headers = ReplyHeaders(reply.headers)
        if reply.status == 201, let envelope = try? StreamEnvelope(parsing: reply.body) {
            // A plain 201 is an answer like any other.
            for field in envelope.headers { headers.set(field.name, to: field.value) }
            reply.headers = envelope.headers + reply.headers
            reply.status = envelope.status
            reply.body = envelope.body
        }
        if reply.status == 206, headers.sdk != nil { return decode(reply, now: now, limits: limits) }
        let kept = reply.headers.filter { !ownFields.contains($0.name.lowercased()) }
        let result = HTTPResult(status: reply.status, headers: kept, body: reply.body)
        let isFinal = headers.asksForNoRetry
        if (200...299).contains(reply.status), !isFinal { return .returned(result.output()) }
        var failure = AttemptFailure.noticed(
            message: "The endpoint answered with status \(reply.status)",
            cause: isFinal ? "NonRetriableError" : "invalid status code: \(reply.status)"
        )
        let said = ReplyBody.parseForeign(reply.body).flatMap { $0.view.kind == .object ? $0 : nil }
        failure.body = result.output(error: said ?? failure.body)
        failure.isFinal = isFinal
        failure.retryAfter = headers.retryAfter.flatMap { RetryAfter.parse($0, now: now) }
        return .failed(failure)
    }

    /// What is said to the server, and what steers the connection to it.
    private static let ownFields: Set<String> = [
        "connection", "content-encoding", "content-length", "date", "keep-alive", "proxy-authenticate",
        "proxy-connection", "server-timing", "te", "trailer", "transfer-encoding", "upgrade", "x-inngest-env",
        "x-inngest-expected-server-kind", "x-inngest-framework", "x-inngest-no-retry", "x-inngest-platform",
        "x-inngest-req-version", "x-inngest-sdk", "x-inngest-sdk-handled", "x-inngest-signature", "x-run-id",
    ]
}
