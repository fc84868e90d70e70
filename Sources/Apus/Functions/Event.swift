import ApusCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A kind of event: its name, and as the type's properties its data.
///
/// ```swift
/// struct UserSignedUp: Event {
///     static let name = "user/signed-up"
///     var userID: String
///     var email: String
/// }
/// ```
///
/// The data must encode to a JSON object.
public protocol Event: Codable, Sendable {
    /// What the event is called, `user/signed-up`. Names that begin with `inngest/` are the server's.
    static var name: String { get }
}

/// An event as the server handed it over.
public struct ReceivedEvent: Sendable {
    let json: RawJSON

    package init(_ json: JSONView) {
        self.json = json.raw
    }

    /// Its name.
    public var name: String { json.view["name"]?.string ?? "" }
    /// The sender's id, or the server's own when the sender gave none.
    public var id: String { json.view["id"]?.string ?? "" }
    /// When it happened.
    public var date: Date { Date(Timestamp(milliseconds: json.view["ts"]?.int ?? 0)) }

    /// The data as a type.
    /// - Throws: `DecodingError` when it has another form.
    public func decode<Data: Decodable>(_ type: Data.Type = Data.self) throws -> Data {
        let data = json.view["data"] ?? RawJSON.emptyObject.view
        // What the server adds to what a function was invoked with is not for the function.
        guard name == "inngest/function.invoked", data["_inngest"] != nil else {
            return try Coding.decode(type, from: data)
        }
        return try Coding.decode(type, from: data.raw.removing("_inngest").view)
    }
}

/// An event to send, with more than its data.
public struct OutgoingEvent: Sendable {
    let name: String
    let data: @Sendable () throws -> RawJSON
    let id: String?
    let date: Date?

    /// Makes an event.
    /// - Parameters:
    ///   - id: makes sending it twice start each function once, for 24 hours.
    ///   - date: when it happened; in the future, when functions are to start.
    public init(_ event: some Event, id: String? = nil, at date: Date? = nil) {
        name = type(of: event).name
        data = { try Coding.encode(event) }
        self.id = id
        self.date = date
    }

    /// Makes an event of a name that has no type.
    public init(name: String, data: some Encodable & Sendable, id: String? = nil, at date: Date? = nil) {
        self.name = name
        self.data = { try Coding.encode(data) }
        self.id = id
        self.date = date
    }

    package func json() throws -> RawJSON {
        let data = try data()
        guard data.view.kind == .object else { throw ConfigurationError("the data of event \(name) is no object") }
        var writer = JSONWriter(reserving: data.bytes.count + 100)
        writer.object { writer in
            writer.member("data", data)
            if let id { writer.member("id", id) }
            writer.member("name", name)
            if let date { writer.member("ts", Timestamp(date).milliseconds) }
        }
        return writer.finish()
    }
}
