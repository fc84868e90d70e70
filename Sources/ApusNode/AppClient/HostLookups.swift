import NIOCore
import NIOPosix

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Finds the addresses of hosts without blocking the event loop.
///
/// NIO's own resolver looks names up one after the other for each loop, and each lookup of a name whose server is dead
/// takes ten seconds or more: one such app would keep the loop from connecting to any other. Here a name has at most
/// one lookup under way, which everyone who asks for it shares, on threads that do nothing else.
final class HostLookups {
    /// Addresses of a host in the order in which they should be tried, with port 0.
    typealias Answer = Result<[SocketAddress], ConnectionFault>

    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 8)
        pool.start()
        return pool
    }()

    private let eventLoop: any EventLoop
    private let lookUp: @Sendable (String) throws -> [SocketAddress]
    private var underWay: [String: [(Answer) -> Void]] = [:]

    /// Answers on this loop.
    /// - Parameter lookUp: finds the addresses of a name; `nil` asks the system.
    init(eventLoop: any EventLoop, lookUp: (@Sendable (String) throws -> [SocketAddress])? = nil) {
        self.eventLoop = eventLoop
        self.lookUp = lookUp ?? { try HostLookups.lookUp($0) }
    }

    /// Asks for the addresses of a host.
    ///
    /// - Parameters:
    ///   - host: a DNS name or an IP address.
    ///   - timeout: when to stop waiting. The lookup itself cannot be stopped and serves whoever asks next.
    ///   - done: called exactly once on the loop, possibly before this method returns.
    func addresses(of host: String, timeout: TimeAmount, _ done: @escaping (Answer) -> Void) {
        if let known = Self.addressesWithoutLookup(host) { return done(.success(known)) }
        var waiting: ((Answer) -> Void)? = done
        let timer = eventLoop.assumeIsolated().scheduleTask(in: timeout) {
            waiting?(.failure(.lost("no address for host \"\(host)\" within \(timeout.nanoseconds / 1_000_000) ms")))
            waiting = nil
        }
        let isFirst = underWay[host] == nil
        underWay[host, default: []].append { answer in
            timer.cancel()
            waiting?(answer)
            waiting = nil
        }
        guard isFirst else { return }
        Self.threads.runIfActive(eventLoop: eventLoop) { [lookUp] in try lookUp(host) }.assumeIsolated()
            .whenComplete { [self] result in
                let answer = result.mapError { error in (error as? ConnectionFault) ?? .lost("\(error)") }
                for report in underWay.removeValue(forKey: host) ?? [] { report(answer) }
            }
    }

    /// IP addresses, and `localhost`, which is the loopback interface by definition (RFC 6761 §6.3). Both its
    /// addresses are tried whatever the hosts file says: development servers listen on either.
    private static func addressesWithoutLookup(_ host: String) -> [SocketAddress]? {
        if let address = try? SocketAddress(ipAddress: host, port: 0) { return [address] }
        guard host == "localhost" || host.hasSuffix(".localhost") else { return nil }
        return ["::1", "127.0.0.1"].compactMap { try? SocketAddress(ipAddress: $0, port: 0) }
    }

    #if canImport(Glibc)
    private static let streamSocket = CInt(SOCK_STREAM.rawValue)
    #else
    private static let streamSocket = SOCK_STREAM
    #endif

    /// Blocks the calling thread.
    private static func lookUp(_ host: String) throws(ConnectionFault) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = streamSocket
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            let reason = gai_strerror(status).map { String(cString: $0) } ?? "error \(status)"
            throw .lost("no address found for host \"\(host)\": \(reason)")
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let entry, let address = entry.pointee.ai_addr else { continue }
            switch NIOBSDSocket.AddressFamily(rawValue: entry.pointee.ai_family) {
            case .inet:
                address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    addresses.append(SocketAddress($0.pointee, host: host))
                }
            case .inet6:
                address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    addresses.append(SocketAddress($0.pointee, host: host))
                }
            default: break
            }
        }
        guard !addresses.isEmpty else { throw .lost("host \"\(host)\" has no IP address") }
        return addresses
    }
}

/// Hands known addresses to NIO's Happy Eyeballs (RFC 8305), which races IPv6 against IPv4.
struct KnownAddresses: Resolver, Sendable {
    private let eventLoop: any EventLoop
    private let addresses: [SocketAddress]

    /// - Parameter addresses: of one host; their port is replaced.
    init(_ addresses: [SocketAddress], port: Int, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.addresses = addresses.map { address in
            var address = address
            address.port = port
            return address
        }
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeSucceededFuture(addresses.filter { $0.protocol == .inet })
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        eventLoop.makeSucceededFuture(addresses.filter { $0.protocol == .inet6 })
    }

    func cancelQueries() {}
}
