import NIOCore

/// An IPv4 or IPv6 address as a number.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Big-endian: 4 bytes or 16.
    package let bytes: [UInt8]

    package var isV4: Bool { bytes.count == 4 }

    /// - Parameter bytes: 4 or 16 of them.
    init(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    /// An address in text form; `nil` for anything else.
    package init?(_ text: String) {
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        self.init(address)
    }

    /// `nil` for a socket that is no IP socket.
    init?(_ address: SocketAddress) {
        // Where `sin_addr` and `sin6_addr` are, on every system.
        let place: Range<Int>
        switch address {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        case .unixDomainSocket: return nil
        }
        bytes = address.withSockAddr { pointer, size in
            Array(UnsafeRawBufferPointer(start: pointer, count: size)[place])
        }
    }

    package var description: String {
        if isV4 { return bytes.map(String.init).joined(separator: ".") }
        let buffer = ByteBuffer(bytes: bytes)
        return (try? SocketAddress(packedIPAddress: buffer, port: 0).ipAddress) ?? "?"
    }

    /// The IPv4 address that this IPv6 address stands for; `nil` when it stands for none.
    ///
    /// A packet to such an address ends at the IPv4 address, so that is what rules are about.
    var embedded: IPAddress? {
        guard !isV4 else { return nil }
        for (network, offset) in Self.embedding where network.contains(self) {
            let found = IPAddress(bytes: bytes[offset..<offset + 4])
            // `::` and `::1` are no IPv4 addresses.
            if network.prefix == 96, network.address.bytes.allSatisfy({ $0 == 0 }), found.bytes.dropLast() == [0, 0, 0]
            {
                return nil
            }
            return found
        }
        return nil
    }

    /// Networks with the place of the IPv4 address in their addresses.
    private static let embedding: [(network: IPNetwork, offset: Int)] = [
        // Mapped (RFC 4291 §2.5.5.2), translated (RFC 2765), NAT64 (RFC 6052), 6to4 (RFC 3056), and the old
        // compatible form (RFC 4291 §2.5.5.1).
        ("::ffff:0:0/96", 12), ("::ffff:0:0:0/96", 12), ("64:ff9b::/96", 12), ("2002::/16", 2), ("::/96", 12),
    ].compactMap { text, offset in IPNetwork(known: text).map { ($0, offset) } }
}

/// A stretch of addresses: `10.0.0.0/8`.
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    /// How many bits of the address count.
    package let prefix: Int

    /// Reads `address/bits`, or an address that stands alone.
    ///
    /// - Throws: what is wrong with it.
    package init(parsing text: String) throws(IPNetworkError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(String(parts[0])) else {
            throw IPNetworkError("\"\(text.prefix(80))\" is not a network such as 10.0.0.0/8 or fd00::/8")
        }
        let bits = address.bytes.count * 8
        var prefix = bits
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...bits).contains(number) else {
                throw IPNetworkError("\"\(text.prefix(80))\": the number behind the slash has to be from 0 to \(bits)")
            }
            prefix = number
        }
        self.address = address
        self.prefix = prefix
        let masked = IPNetwork(address: Self.mask(address, prefix), prefix: prefix)
        guard masked.address == address else {
            throw IPNetworkError("\"\(text.prefix(80))\" names one address of a network; the network is \(masked)")
        }
    }

    /// One that the program knows by itself.
    init?(known text: String) {
        guard let network = try? IPNetwork(parsing: text) else { return nil }
        self = network
    }

    private init(address: IPAddress, prefix: Int) {
        self.address = address
        self.prefix = prefix
    }

    private static func mask(_ address: IPAddress, _ prefix: Int) -> IPAddress {
        IPAddress(
            bytes: address.bytes.enumerated().map { index, byte in
                let bits = min(max(prefix - index * 8, 0), 8)
                return byte & UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            }
        )
    }

    package func contains(_ other: IPAddress) -> Bool {
        other.bytes.count == address.bytes.count && Self.mask(other, prefix) == address
    }

    package var description: String { "\(address)/\(prefix)" }
}

/// Why a text is no network.
package struct IPNetworkError: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
