extension AttemptFailure {
    /// No connection to the app could be made, or it was lost before an answer began.
    ///
    /// - Parameter detail: what the transport said; shown as the error's stack.
    public static func unreachable(_ detail: String) -> AttemptFailure {
        noticed(
            message: "Unable to reach SDK URL",
            stack: detail.isEmpty ? nil : detail.excerpt(bytes: ReplyBody.excerptBytes),
            isUnreachable: true
        )
    }

    /// The app took the call and did not answer within the time that a call may take.
    public static let timedOut = noticed(
        name: "timeout",
        message: "The app did not answer within the time that a call may take"
    )

    /// The answer, or its decoded form, has more than `limit` bytes.
    public static func tooLarge(limit: Int) -> AttemptFailure {
        noticed(
            name: "output_too_large",
            message: "The app's response is larger than the limit of \(limit) bytes"
        )
    }

    /// The answer has a `Content-Encoding` that the server does not understand.
    public static func unsupportedEncoding(_ encoding: String) -> AttemptFailure {
        noticed(
            name: "unsupported_encoding",
            message: "The app's response has the content encoding \"\(encoding.excerpt())\", which is not supported"
        )
    }

    /// The answer is not HTTP, or broke off after it had begun.
    ///
    /// - Parameter detail: what the transport said.
    public static func brokenReply(_ detail: String) -> AttemptFailure {
        noticed(message: "The app's response could not be read: \(detail.excerpt(bytes: ReplyBody.excerptBytes))")
    }
}
