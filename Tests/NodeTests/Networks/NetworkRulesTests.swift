import NIOCore
import Testing

@testable import ApusNode

@Suite("Which addresses may be reached")
struct NetworkRulesTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
    private func network(_ text: String) throws -> IPNetwork { try IPNetwork(parsing: text) }

    private static let publicAddresses = [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
        // Public IPv4 addresses in other clothes.
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ]

    private static let specialAddresses = [
        "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
        "127.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "192.0.0.1",
        "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fc00::1", "fdff::1", "fec0::1", "ff02::1", "2001:db8::1",
        "64:ff9b:1::1", "100::1", "3fff::1",
        // The same hidden in IPv6.
        "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:0:192.168.1.1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2002:a00:1::5", "::10.0.0.1", "::ffff:0.0.0.0",
    ]

    private static let neverReached = [
        "169.254.0.0", "169.254.169.254", "169.254.255.255", "fe80::1", "febf::1", "fd00:ec2::254", "fd20:ce::254",
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1", "::169.254.169.254", "::ffff:0:a9fe:a9fe",
    ]

    private static let everything = NetworkRules.gateways(opening: .all)

    @Test("requests may go to public addresses", arguments: publicAddresses)
    func publicAddress(text: String) throws {
        #expect(NetworkRules.gateways(opening: .only([])).refusal(of: try address(text)) == nil)
        #expect(NetworkRules.apps().refusal(of: try address(text)) == nil)
    }

    @Test("requests go to no special address unless all are open; apps may be there", arguments: specialAddresses)
    func specialAddress(text: String) throws {
        let refusal = try #require(NetworkRules.gateways(opening: .only([])).refusal(of: try address(text)))
        #expect(refusal.contains("--allow-private-networks"))
        #expect(Self.everything.refusal(of: try address(text)) == nil)
        #expect(NetworkRules.apps().refusal(of: try address(text)) == nil)
    }

    @Test("where clouds keep credentials nothing ever goes", arguments: neverReached)
    func never(text: String) throws {
        let all = try [network("0.0.0.0/0"), network("::/0")]
        for rules in [Self.everything, .gateways(opening: .only(all)), .apps(), .apps(in: all)] {
            #expect(try #require(rules.refusal(of: try address(text))).contains("no option allows it"))
        }
    }

    @Test("a network that is open is open, and no other")
    func opened() throws {
        let rules = NetworkRules.gateways(opening: .only([try network("10.1.0.0/16"), try network("fd12::/16")]))
        for text in ["10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "fd12::1", "64:ff9b::10.1.2.3"] {
            #expect(rules.refusal(of: try address(text)) == nil, "\(text)")
        }
        for text in ["10.0.255.255", "10.2.0.0", "127.0.0.1", "fd13::1"] {
            #expect(rules.refusal(of: try address(text)) != nil, "\(text)")
        }
    }

    @Test("apps can be kept to a list of networks")
    func apps() throws {
        let rules = NetworkRules.apps(in: [try network("10.1.0.0/16"), try network("203.0.113.7")])
        #expect(rules.refusal(of: try address("10.1.2.3")) == nil)
        #expect(rules.refusal(of: try address("203.0.113.7")) == nil)
        #expect(rules.refusal(of: try address("203.0.113.8")) != nil)
        #expect(rules.refusal(of: try address("8.8.8.8")) != nil)
    }

    @Test("a refusal names the address, the rule and the option")
    func words() throws {
        let rules = NetworkRules.gateways(opening: .only([]))
        #expect(
            rules.refusal(of: try address("10.1.2.3"))
                == "the address 10.1.2.3 is private (10.0.0.0/8); --allow-private-networks 10.0.0.0/8 would allow it")
        let translated = try #require(rules.refusal(of: try address("64:ff9b::a01:203")))
        #expect(translated.hasPrefix("the address 64:ff9b::a01:203 (that is 10.1.2.3)"))
    }

    @Test("of a name's addresses only the permitted ones remain")
    func permitted() throws {
        let rules = NetworkRules.gateways(opening: .only([]))
        let addresses = try ["127.0.0.1", "8.8.8.8", "10.0.0.1"].map { try SocketAddress(ipAddress: $0, port: 0) }
        #expect(try rules.permitted(addresses, of: "a.test").map(\.ipAddress) == ["8.8.8.8"])
        #expect(throws: ConnectionFault.self) { try rules.permitted([addresses[0], addresses[2]], of: "a.test") }
        #expect(throws: ConnectionFault.self) { try rules.permitted([], of: "a.test") }
    }

    @Test(
        "networks are read",
        arguments: [
            ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("::1", "::1/128"), ("0.0.0.0/0", "0.0.0.0/0"),
            ("fd00::/7", nil), ("fc00::/7", "fc00::/7"), ("10.0.0.1/8", nil), ("10.0.0.0/33", nil), ("10.0.0.0/", nil),
            ("10.0.0/8", nil), ("x", nil), ("", nil), ("10.0.0.0/8/8", nil), ("10.0.0.0/-1", nil),
        ] as [(String, String?)])
    func parsing(text: String, expected: String?) {
        #expect((try? IPNetwork(parsing: text))?.description == expected)
    }
}
