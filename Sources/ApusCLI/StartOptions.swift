import ApusCore
import ArgumentParser

/// What only `apus start` can be told.
struct StartOptions: ParsableArguments {
    @Option(
        name: .long,
        help: "A key that apps share with the server; the first one signs, each is accepted."
    )
    var signingKey: [String] = []

    // A key may begin with a hyphen.
    @Option(
        name: .long, parsing: .unconditionalSingleValue,
        help: "A key with which programs may send events; may be given several times."
    )
    var eventKey: [String] = []

    @Flag(name: .long, help: "Refuse answers of apps that are not signed. Not every SDK signs all of them.")
    var requireSignedReplies = false

    static let settings: [Setting] = [
        Setting(name: "signing-key", kind: .secrets),
        Setting(name: "event-key", kind: .secrets),
        Setting(name: "require-signed-replies", kind: .flag),
    ]

    /// Whatever is wrong here is one line, without the usage that follows other mistakes.
    mutating func validate() throws {
        do {
            _ = try SigningKeys(parsing: signingKey)
        } catch {
            throw PlainFailure("--signing-key cannot be used: \(error).")
        }
        try EventKeyOption.check(eventKey)
        do {
            _ = try EventKeys(eventKey)
        } catch {
            throw PlainFailure("--event-key cannot be used: \(error).")
        }
    }

    /// - Throws: which key is missing.
    func keys() throws -> ServerKeys {
        guard let signing = try SigningKeys(parsing: signingKey) else {
            throw PlainFailure(Self.missing("signing key", "signing-key", "openssl rand -hex 32"))
        }
        guard let event = try EventKeys(eventKey) else {
            throw PlainFailure(Self.missing("event key", "event-key", "openssl rand -hex 16"))
        }
        return ServerKeys(signing: signing, event: event)
    }

    private static func missing(_ what: String, _ name: String, _ command: String) -> String {
        let variable = "INNGEST_" + name.uppercased().replacing("-", with: "_")
        return "apus start needs at least one \(what): --\(name), the variable \(variable), or \(name) in a file of "
            + "settings. `\(command)` makes one. For development without keys there is apus dev."
    }
}

/// What options for an event key have in common.
enum EventKeyOption {
    /// - Throws: when a key was forgotten, so that the next option stands in its place.
    static func check(_ keys: [String]) throws {
        guard keys.contains(where: { $0.wholeMatch(of: /--[a-z]+(-[a-z]+)*(=.*)?/) != nil }) else { return }
        throw PlainFailure("--event-key has no key: what follows it is another option.")
    }
}
