import NIOCore
import NIOHTTP1

extension ConnectionState {
    /// Something that happened on the channel.
    enum Event {
        /// The request was handed to the channel. `isWritten` is `false` for one so large that its end is reported
        /// by ``requestWritten``.
        case requestStarted(isReused: Bool, isWritten: Bool, at: NIODeadline)
        /// The last byte of a large request went to the kernel.
        case requestWritten
        /// Bytes arrived; their meaning follows.
        case bytesRead
        /// The head of the final response.
        case head(HTTPResponseHead)
        /// Body bytes as they came, still encoded.
        case body(ByteBuffer)
        /// The end of the response.
        case end
        /// Body bytes after decoding.
        case decoded(ByteBuffer)
        /// The end of the decoded body.
        case decodedEnd
        /// All bytes that had arrived have been handed over.
        case readComplete
        /// Something went wrong; the channel may still be open.
        case fault(ConnectionFault, at: NIODeadline)
        /// The channel is closed.
        case closed(at: NIODeadline)
        /// Nobody is interested in the connection any more.
        case abandoned
    }

    /// What to do about it.
    enum Action {
        /// Go on.
        case none
        /// Start decoding, beginning with these bytes.
        case beginDecoding(ByteBuffer)
        /// Decode these bytes.
        case decode(ByteBuffer)
        /// There is nothing more to decode: finish, and report ``Event/decodedEnd``.
        case endDecoding
        /// Hand the response to the caller; then keep the connection or close it.
        case respond(AppResponse, reuse: Bool)
        /// Close the connection; the call failed. `isStale`: repeat it once (see the keep-alive race).
        case fail(AppCallFailure, isStale: Bool)
        /// Close the connection; nobody waits for anything.
        case close
    }
}
