extension AppReply {
    /// What an HTTP answer of an app means. Every answer means something: what breaks the protocol is
    /// an ``AttemptFailure`` that says how.
    ///
    /// - Parameters:
    ///   - now: the time from which `Retry-After` counts.
    ///   - limits: what the answer may hold.
    public static func decode(_ reply: RawReply, now: Timestamp, limits: ReplyLimits = .default) -> AppReply {
        var headers = ReplyHeaders(reply.headers)
        var status = reply.status
        var body = reply.body
        if status == 201 {
            do {
                let envelope = try StreamEnvelope(parsing: body)
                for field in envelope.headers {
                    headers.set(field.name, to: field.value)
                }
                status = envelope.status
                body = envelope.body
            } catch {
                return .failed(.noticed(message: error.description))
            }
        }
        let retryAfter = headers.retryAfter.flatMap { RetryAfter.parse($0, now: now) }
        if status == 206, headers.sdk != nil {
            return ops(body, headers: headers, retryAfter: retryAfter, limits: limits)
        }
        return other(status: status, headers: headers, body: body, retryAfter: retryAfter)
    }

    private static func ops(
        _ body: [UInt8],
        headers: ReplyHeaders,
        retryAfter: Timestamp?,
        limits: ReplyLimits
    ) -> AppReply {
        do {
            let ops = try OpDecoder(limits: limits).decode(body)
            let list = OpList(
                ops: ops, version: headers.version, isFinal: headers.asksForNoRetry, retryAfter: retryAfter
            )
            return .ops(list)
        } catch {
            var failure = AttemptFailure.noticed(message: error.description)
            failure.retryAfter = retryAfter
            return .failed(failure)
        }
    }

    private static func other(
        status: Int,
        headers: ReplyHeaders,
        body: [UInt8],
        retryAfter: Timestamp?
    ) -> AppReply {
        let isSuccess = (200...299).contains(status)
        let isFinal = headers.isFinal(status: status)
        var failure: AttemptFailure
        if headers.sdk == nil {
            failure =
                isSuccess
                // A list of ops may hold the keys of gateway requests, which nobody is to see.
                ? .notFromSDK(body: status == 206 ? [] : body)
                : .answeredByOther(status: status, contentType: headers.contentType, body: body)
        } else {
            let value = ReplyBody.parse(body)
            if isSuccess, !isFinal, retryAfter == nil {
                return .returned(value)
            }
            let cause =
                isFinal ? "NonRetriableError" : isSuccess ? "RetryAfterError" : "invalid status code: \(status)"
            failure = .noticed(message: cause)
            failure.body = value ?? failure.body
        }
        failure.isFinal = isFinal
        failure.retryAfter = retryAfter
        return .failed(failure)
    }
}

extension AttemptFailure {
    /// A 2xx answer without the SDK's header: its body stays the run's output, so that one can see what it was.
    fileprivate static func notFromSDK(body: [UInt8]) -> AttemptFailure {
        var failure = noticed(name: "not_sdk", message: "The response did not come from an Inngest SDK")
        failure.body = ReplyBody.parseForeign(body) ?? failure.body
        return failure
    }

    /// An error answer without the SDK's header: an explanation takes the place of the body.
    fileprivate static func answeredByOther(status: Int, contentType: String?, body: [UInt8]) -> AttemptFailure {
        var stack =
            "The answer has no X-Inngest-SDK header, so it was written by something in front of your functions: "
            + "a proxy, a load balancer, the web framework or a failed start of the app."
        if !body.isEmpty {
            let type = contentType?.excerpt() ?? "no content type"
            stack += "\n\nUpstream response (\(type)):\n" + ReplyBody.excerpt(body)
        }
        var failure = noticed(
            name: "Server returned a fatal error",
            message: "Your server returned HTTP \(status) before the SDK responded.",
            stack: stack
        )
        failure.cause = "invalid status code: \(status)"
        return failure
    }
}
