import ApusCore
import Testing

/// Short forms for answers of apps.
enum Reply {
    static let now = Timestamp(milliseconds: 1_732_170_000_000)

    /// Decodes an answer that the TypeScript SDK wrote.
    static func fromSDK(
        _ status: Int,
        _ body: String,
        _ headers: [(name: String, value: String)] = [],
        limits: ReplyLimits = .default
    ) -> AppReply {
        decode(status, body, [(name: "X-Inngest-SDK", value: "inngest-js:v4.18.1")] + headers, limits: limits)
    }

    static func decode(
        _ status: Int,
        _ body: String,
        _ headers: [(name: String, value: String)] = [],
        limits: ReplyLimits = .default
    ) -> AppReply {
        .decode(RawReply(status: status, headers: headers, body: Array(body.utf8)), now: now, limits: limits)
    }
}

extension AppReply {
    var list: OpList? {
        if case .ops(let list) = self { list } else { nil }
    }

    var failure: AttemptFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }

    /// The text of a result; `absent` when there was no body, nil when this is no result.
    var result: String? {
        if case .returned(let value) = self { value?.description ?? "absent" } else { nil }
    }
}

extension AttemptFailure {
    /// A member of the body, if it is a text.
    func text(_ key: String) -> String? {
        body.view[key]?.string
    }
}

extension JSONView {
    var text: String { raw.description }
}
