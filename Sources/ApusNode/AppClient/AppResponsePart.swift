import NIOCore

/// A part of the response to a call, as it arrives. Redirects that are followed are not told of.
package enum AppResponsePart {
    /// Everything but the body.
    case head(AppResponse)
    /// Bytes of the body, decoded.
    case body(ByteBuffer)
}
