/// Addresses that are not of the public Internet (the special-purpose registries of IANA, RFC 6890).
struct SpecialNetwork: Sendable {
    enum Kind: Hashable, Sendable {
        /// Where clouds keep the credentials of machines: never to be reached.
        case metadata
        case linkLocal
        case loopback
        case privateUse
        /// Reserved, for documentation, multicast, …
        case other
    }

    let network: IPNetwork
    let kind: Kind
    /// What such addresses are, for people.
    let name: String

    /// The one that an address belongs to; `nil` for a public address.
    static func of(_ address: IPAddress) -> SpecialNetwork? {
        all.first { $0.network.contains(address) }
    }

    /// The narrower ones first.
    private static let all: [SpecialNetwork] = [
        // The services that tell machines of Amazon, Google, Alibaba, Oracle and Microsoft about themselves.
        ("169.254.0.0/16", .linkLocal, "link-local"),
        ("fe80::/10", .linkLocal, "link-local"),
        ("fd00:ec2::254/128", .metadata, "a cloud's metadata service"),
        ("fd20:ce::254/128", .metadata, "a cloud's metadata service"),
        ("100.100.100.200/32", .metadata, "a cloud's metadata service"),
        ("192.0.0.192/32", .metadata, "a cloud's metadata service"),
        ("168.63.129.16/32", .metadata, "a cloud's metadata service"),
        ("127.0.0.0/8", .loopback, "loopback"),
        ("::1/128", .loopback, "loopback"),
        // A connection to the unspecified address reaches this machine.
        ("0.0.0.0/8", .loopback, "this machine"),
        ("::/128", .loopback, "this machine"),
        ("10.0.0.0/8", .privateUse, "private"),
        ("172.16.0.0/12", .privateUse, "private"),
        ("192.168.0.0/16", .privateUse, "private"),
        ("fc00::/7", .privateUse, "private"),
        ("fec0::/10", .privateUse, "site-local"),
        ("100.64.0.0/10", .privateUse, "shared by customers of a provider"),
        ("64:ff9b:1::/48", .privateUse, "translated within a network"),
        ("192.0.0.0/24", .other, "reserved"),
        ("192.0.2.0/24", .other, "for documentation"),
        ("198.51.100.0/24", .other, "for documentation"),
        ("203.0.113.0/24", .other, "for documentation"),
        ("192.88.99.0/24", .other, "reserved"),
        ("198.18.0.0/15", .other, "for benchmarks"),
        ("224.0.0.0/4", .other, "multicast"),
        ("240.0.0.0/4", .other, "reserved"),
        ("2001::/23", .other, "reserved"),
        ("2001:db8::/32", .other, "for documentation"),
        ("3fff::/20", .other, "for documentation"),
        ("100::/64", .other, "discarded"),
        ("5f00::/16", .other, "for segment routing"),
        ("ff00::/8", .other, "multicast"),
    ].compactMap { text, kind, name in
        IPNetwork(known: text).map { SpecialNetwork(network: $0, kind: kind, name: name) }
    }
}
