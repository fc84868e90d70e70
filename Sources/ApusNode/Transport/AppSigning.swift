import ApusCore
import ApusEngine
import NIOCore

/// How a server with signing keys and its apps prove to each other who they are.
package struct AppSigning: Sendable {
    package var keys: SigningKeys
    /// Whether an app's answer without a signature is refused. Not every SDK signs its answers to calls.
    package var requiresSignedReplies: Bool

    package init(keys: SigningKeys, requiresSignedReplies: Bool = false) {
        self.keys = keys
        self.requiresSignedReplies = requiresSignedReplies
    }

    package static let header = "X-Inngest-Signature"

    /// A request whose body is its own signed form.
    ///
    /// - Parameter body: canonical JSON, or nothing.
    package func sign(_ request: AppRequest, body: [UInt8], at now: Timestamp) -> AppRequest {
        var request = request
        let signed = body.isEmpty ? [] : jcs(RawJSON(canonical: body))
        request.headers.append((Self.header, keys.signature(of: signed, at: now)))
        request.body = ByteBuffer(bytes: signed)
        return request
    }

    /// The signature of a request that enters an endpoint again. The body is sent as it is; of JSON the canonical form
    /// is signed, as for any call.
    func signature(of reentry: Reentry, _ run: ULID, _ body: [UInt8], at now: Timestamp) -> String {
        switch reentry.signature {
        case .run: return keys.signature(of: Array(run.description.utf8), at: now)
        case .body:
            guard !body.isEmpty, let json = try? RawJSON(parsing: body) else {
                return keys.signature(of: body, at: now)
            }
            return keys.signature(of: jcs(json), at: now)
        }
    }

    /// What is wrong with the signature of an answer, in words; `nil` when nothing is.
    ///
    /// - Parameter isRequired: whether there has to be one.
    package func flaw(of response: AppResponse, isRequired: Bool, at now: Timestamp) -> String? {
        // What is streamed after the head was not known when the head was made.
        let isStream = response.status == 201
        let signature = isStream ? nil : response.headers.first(name: Self.header)
        if signature == nil {
            guard isRequired else { return nil }
            return isStream
                ? "is streamed, so it has no signature, and this server requires one" : "has no signature"
        }
        switch keys.verdict(on: signature, of: Array(response.body.readableBytesView), at: now) {
        case .valid: return nil
        case .missing: return "has no signature"
        case .malformed: return "has a signature that cannot be read"
        case .outdated:
            return "has a signature made more than \(SigningKeys.tolerance) s ago or ahead; the clocks may differ"
        case .wrong: return "has a signature that was not made with a key of this server, or for another answer"
        }
    }
}
