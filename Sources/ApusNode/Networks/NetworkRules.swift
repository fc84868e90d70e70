import NIOCore

/// Which addresses a client may connect to.
///
/// Asked with the addresses that a name has just been resolved to, before each connection: an answer of the name
/// server that changes between two looks, and a redirect, come by here as well.
package struct NetworkRules: Hashable, Sendable {
    /// What else besides the public Internet may be reached.
    package enum Opening: Hashable, Sendable {
        case all
        case only([IPNetwork])
    }

    private enum Purpose: Hashable, Sendable {
        case apps(limit: [IPNetwork]?)
        case gateways(Opening)
    }

    private let purpose: Purpose

    package static let gatewayFlag = "--allow-private-networks"
    package static let appFlag = "--allowed-app-networks"

    /// For calls to apps.
    /// - Parameter limit: the networks in which they are; `nil` means anywhere.
    package static func apps(in limit: [IPNetwork]? = nil) -> NetworkRules {
        NetworkRules(purpose: .apps(limit: limit))
    }

    /// For requests that apps ask for.
    package static func gateways(opening: Opening) -> NetworkRules {
        NetworkRules(purpose: .gateways(opening))
    }

    /// Why an address must not be connected to; `nil` when it may.
    package func refusal(of original: IPAddress) -> String? {
        let address = original.embedded ?? original
        let special = SpecialNetwork.of(address)
        let name = original == address ? "\(address)" : "\(original) (that is \(address))"
        if let special, [.metadata, .linkLocal].contains(special.kind) {
            return "the address \(name) is \(special.name) (\(special.network)), "
                + "where clouds keep credentials; no option allows it"
        }
        switch purpose {
        case .apps(let limit):
            guard let limit, !limit.contains(where: { $0.contains(address) || $0.contains(original) }) else {
                return nil
            }
            return "the address \(name) is in none of the networks of \(Self.appFlag)"
        case .gateways(let opening):
            guard let special else { return nil }
            switch opening {
            case .all: return nil
            case .only(let networks):
                if networks.contains(where: { $0.contains(address) || $0.contains(original) }) { return nil }
                return "the address \(name) is \(special.name) (\(special.network)); "
                    + "\(Self.gatewayFlag) \(special.network) would allow it"
            }
        }
    }

    /// The addresses of a host that may be connected to.
    ///
    /// - Throws: ``ConnectionFault/refused(_:)`` when there are none.
    func permitted(_ addresses: [SocketAddress], of host: String) throws(ConnectionFault) -> [SocketAddress] {
        var permitted: [SocketAddress] = []
        var refusal: String?
        for address in addresses {
            guard let number = IPAddress(address) else { continue }
            if let reason = self.refusal(of: number) { refusal = refusal ?? reason } else { permitted.append(address) }
        }
        guard permitted.isEmpty else { return permitted }
        let isNamed = addresses.first?.ipAddress == host
        throw .refused(isNamed ? refusal ?? "no address" : "\(host): \(refusal ?? "no address")")
    }
}
