import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What went wrong on a connection, before it is known what that means for a call.
enum ConnectionFault: Error, Hashable {
    /// The connection is gone: closed by the app, reset, or timed out by the network.
    case lost(String)
    /// No address of the host may be connected to.
    case refused(String)
    /// TLS failed.
    case tls(String)
    /// The app does not speak HTTP/1.
    case malformed(String)
    /// The body is not the gzip data that it claims to be.
    case corruptBody(String)
    /// The decoded body is larger than allowed.
    case bodyTooLarge
    /// This process has no file descriptors left.
    case noDescriptors

    /// Sorts an error that a channel reported.
    init(_ error: any Error) {
        switch error {
        case let error as HTTPParserError:
            self =
                error == .invalidEOFState
                ? .lost("connection closed in the middle of the response") : .malformed("\(error)")
        case is NIOHTTPDecoderError:
            self = .malformed("bytes after the end of the response")
        case let error as NIOHTTPDecompression.DecompressionError:
            self = error == .limit ? .bodyTooLarge : .corruptBody("\(error)")
        case let error as NIOHTTPDecompression.ExtraDecompressionError:
            self = .corruptBody("\(error)")
        case NIOSSLError.uncleanShutdown:
            self = .lost("TLS connection closed without notice")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            self = .tls(Self.tlsText(error))
        case let error as NIOConnectionError:
            self = .init(connectionError: error)
        case let error as IOError where error.errnoCode == EMFILE || error.errnoCode == ENFILE:
            self = .noDescriptors
        default:
            self = .lost(Self.text(error))
        }
    }

    /// A connection could not be opened at any address of the host: the first reason stands for all.
    private init(connectionError error: NIOConnectionError) {
        if let first = error.connectionErrors.first {
            self = .init(first.error)
        } else if error.dnsAError != nil || error.dnsAAAAError != nil {
            self = .lost("no address found for host \"\(error.host)\"")
        } else {
            self = .lost("no connection to \(error.host):\(error.port)")
        }
    }

    /// BoringSSL's text is full of codes and source files; the reason stands in the middle, in capitals.
    private static func tlsText(_ error: any Error) -> String {
        let text = "\(error)"
        guard let marker = text.firstRange(of: "OPENSSL_internal:") else { return text }
        let reason = text[marker.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return reason.lowercased().replacing("_", with: " ")
    }

    private static func text(_ error: any Error) -> String {
        switch error {
        case let error as IOError:
            switch error.errnoCode {
            case ECONNREFUSED: "connection refused"
            case ECONNRESET: "connection reset by the app"
            case EPIPE: "connection closed by the app"
            case ETIMEDOUT: "connection timed out"
            case EHOSTUNREACH: "no route to host"
            case ENETUNREACH: "network unreachable"
            default: "\(error)"
            }
        default:
            "\(error)"
        }
    }
}
