#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells a busy port before anything is started, in words.
enum PortCheck {
    static func isFree(host: String, port: Int) throws {
        guard port != 0 else { return }
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let address = found?.pointee else {
            throw PlainFailure("The address \(host) cannot be listened on: \(String(cString: gai_strerror(status))).")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
            switch errno {
            case EADDRINUSE:
                throw PlainFailure(
                    "Port \(port) on \(host) is in use. Stop what listens there, or choose another with --port.")
            case EACCES:
                throw PlainFailure(
                    "Port \(port) on \(host) may not be used without more rights. Choose another with --port.")
            default:
                throw PlainFailure(
                    "Port \(port) on \(host) cannot be listened on: \(String(cString: strerror(errno))).")
            }
        }
    }
}

/// What the server reads from its environment.
enum Environment {
    /// Whether hooks for test suites are wanted.
    static var isTestMode: Bool { getenv("TEST_MODE").map { String(cString: $0) } == "true" }

    /// A port at which an app may be found, besides the usual ones.
    static var port: Int? {
        getenv("PORT").flatMap { Int(String(cString: $0)) }.flatMap { (1...65_535).contains($0) ? $0 : nil }
    }
}
