import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Finds out that the host of an app has vanished.
///
/// A machine that loses power or network sends nothing, and the call would wait for it until its deadline, hours
/// later. The kernel asks after half a minute of silence, and gives the connection up after four questions without an
/// answer: a minute and a half in all.
enum TCPKeepAlive {
    /// Socket options with their values.
    static let options: [(ChannelOptions.Types.SocketOption, SocketOptionValue)] = [
        (.socketOption(.so_keepalive), 1),
        (.tcpOption(.init(rawValue: CInt(idle))), 30),
        (.tcpOption(.init(rawValue: CInt(TCP_KEEPINTVL))), 15),
        (.tcpOption(.init(rawValue: CInt(TCP_KEEPCNT))), 4),
    ]

    #if canImport(Darwin)
    private static let idle = TCP_KEEPALIVE
    #else
    private static let idle = TCP_KEEPIDLE
    #endif
}
