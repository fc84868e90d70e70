import ApusCore
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// Why the v2 API does not do what it was asked.
struct V2Problem: Error {
    var code: Code
    var message: String

    enum Code: String {
        case missingField = "missing_field"
        case invalidField = "invalid_field_format"
        case invalidRequest = "invalid_request"
        case notFound = "not_found"
        case alreadyEnded = "run_already_ended"
        case alreadyCancelled = "run_already_cancelled"
        case rateLimited = "rate_limited"
        case debounced = "function_debounced"
        case skipped = "function_skipped"
        case notImplemented = "not_implemented"
        case internalError = "internal_error"
        case unavailable = "unavailable"
        /// What the request's form is about: its body or its query.
        case form = "api_error"

        var status: HTTPResponse.Status {
            switch self {
            case .missingField, .invalidField, .invalidRequest, .form: .badRequest
            case .notFound: .notFound
            case .alreadyEnded, .alreadyCancelled: .conflict
            case .rateLimited, .debounced, .skipped: .unprocessableContent
            case .notImplemented: .notImplemented
            case .internalError: .internalServerError
            case .unavailable: .serviceUnavailable
            }
        }
    }

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// Answers of the v2 API: `{"data","metadata","page"}` or `{"errors":[{"code","message"}]}`.
enum V2Answers {
    /// A page of a list.
    struct Page {
        var limit: Int
        /// `nil` when nothing is left.
        var cursor: String?
    }

    static func data(
        status: HTTPResponse.Status = .ok, page: Page? = nil, from: Timestamp? = nil, until: Timestamp? = nil,
        _ data: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(reserving: 1_024)
        writer.object { writer in
            writer.key("data")
            data(&writer)
            writer.key("metadata")
            writer.object { writer in
                writer.member("fetchedAt", ServerClock.now())
                if let from, let until {
                    writer.key("timeRange")
                    writer.object { writer in
                        writer.member("from", from)
                        writer.member("until", until)
                    }
                }
            }
            if let page {
                writer.key("page")
                writer.object { writer in
                    writer.present("cursor", page.cursor)
                    writer.present("hasMore", page.cursor != nil)
                    writer.present("limit", page.limit)
                }
            }
        }
        return Answers.json(writer.bytes, status: status)
    }

    static func errors(
        _ code: String, _ message: String, status: HTTPResponse.Status, headers: HTTPFields = [:]
    ) -> Response {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("errors")
            writer.array([message]) { message, writer in
                writer.object { writer in
                    writer.member("code", code)
                    writer.member("message", message)
                }
            }
        }
        return Answers.json(writer.bytes, status: status, headers: headers)
    }

    /// Says every failure in the words of this API.
    static func guarded(_ answer: () async throws -> Response) async throws -> Response {
        do {
            return try await answer()
        } catch let problem as V2Problem {
            return errors(problem.code.rawValue, problem.message, status: problem.code.status)
        } catch let error as HTTPError {
            return errors(V2Problem.Code.form.rawValue, error.body ?? error.status.reasonPhrase, status: error.status)
        } catch let refusal as BodyRefusal {
            return errors(
                V2Problem.Code.form.rawValue, refusal.description, status: refusal.status, headers: refusal.headers
            )
        } catch let error as NodeError {
            switch error {
            case .unavailable(let reason): return unavailable(reason)
            case .rejected(let reason):
                return errors(V2Problem.Code.internalError.rawValue, reason, status: .internalServerError)
            }
        } catch let error as StoreError {
            return unavailable("\(error)")
        }
    }

    private static func unavailable(_ reason: String) -> Response {
        errors(V2Problem.Code.unavailable.rawValue, reason, status: .serviceUnavailable, headers: [.retryAfter: "1"])
    }
}

/// Members that are left out when they say nothing: as protobuf's JSON does it.
extension JSONWriter {
    mutating func present(_ key: StaticString, _ value: String?) {
        if let value, !value.isEmpty { member(key, value) }
    }

    mutating func present(_ key: StaticString, _ value: Bool) {
        if value { member(key, value) }
    }

    mutating func present(_ key: StaticString, _ value: Int) {
        if value != 0 { member(key, value) }
    }

    mutating func present(_ key: StaticString, _ value: Timestamp?) {
        if let value { member(key, value) }
    }

    /// An array, unless it is empty.
    mutating func present<Element>(
        _ key: StaticString, _ elements: [Element], _ write: (Element, inout JSONWriter) -> Void
    ) {
        guard !elements.isEmpty else { return }
        self.key(key)
        array(elements, write)
    }

    /// An object as it is, any other value as `{"data":…}`.
    mutating func wrapped(_ key: StaticString, _ value: RawJSON) {
        self.key(key)
        guard value.view.kind != .object else { return raw(value) }
        object { $0.member("data", value) }
    }
}
