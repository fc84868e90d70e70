import ApusNode
import ArgumentParser

/// Where a server may connect to, and how much of it at a time.
struct NetworkOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Networks that are not public and that requests of step.fetch and step.ai may reach, such as 10.0.0.0/8; "
                + "or all, the default of dev, or none, the default of start."
        )
    )
    var allowPrivateNetworks: [String] = []

    @Option(name: .long, help: "The networks in which apps are; by default they may be anywhere.")
    var allowedAppNetworks: [String] = []

    @Option(name: .long, help: "Requests of step.fetch and step.ai to one host at a time.")
    var gatewayCallsPerHost = 64

    @Option(name: .long, help: "Seconds that one of these requests may take.")
    var gatewayTimeout = 7_200

    static let settings: [Setting] = [
        Setting(name: "allow-private-networks", kind: .list),
        Setting(name: "allowed-app-networks", kind: .list),
        Setting(name: "gateway-calls-per-host"),
        Setting(name: "gateway-timeout"),
    ]

    mutating func validate() throws {
        _ = try gateways(isSigned: false)
        _ = try apps()
        guard (1...10_000).contains(gatewayCallsPerHost) else {
            throw ValidationError("--gateway-calls-per-host must be between 1 and 10000.")
        }
        guard (1...86_400).contains(gatewayTimeout) else {
            throw ValidationError("--gateway-timeout must be between 1 and 86400.")
        }
    }

    /// The rules for requests that apps ask for.
    func gateways(isSigned: Bool) throws -> NetworkRules {
        let words = Self.words(allowPrivateNetworks)
        switch words {
        case []: return .gateways(opening: isSigned ? .only([]) : .all)
        case ["all"]: return .gateways(opening: .all)
        case ["none"]: return .gateways(opening: .only([]))
        default: return .gateways(opening: .only(try Self.networks(words, of: NetworkRules.gatewayFlag)))
        }
    }

    /// The rules for calls to apps.
    func apps() throws -> NetworkRules {
        let words = Self.words(allowedAppNetworks)
        return .apps(in: words.isEmpty ? nil : try Self.networks(words, of: NetworkRules.appFlag))
    }

    /// Commas separate several, as in the environment.
    private static func words(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",") }.map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
    }

    private static func networks(_ words: [String], of flag: String) throws -> [IPNetwork] {
        try words.map { word in
            do {
                return try IPNetwork(parsing: word)
            } catch {
                throw ValidationError("\(flag): \(error).")
            }
        }
    }
}
