import ApusCore
import ApusNode
import NIOCore

/// What the server asks an app besides calling its functions; signed when the server has keys.
struct AppQuestions: Sendable {
    let probe: AppProbe
    /// `nil` in development.
    let signing: AppSigning?

    typealias Outcome = Result<AppResponse, AppCallFailure>

    private var kind: String { signing == nil ? "dev" : "cloud" }

    /// Asks an app to register. Signed, it is asked to do so in its answer: that is the only form which all SDKs
    /// accept; unsigned, only without that wish.
    func register(_ url: AppURL, named text: String) async -> Outcome {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("url")
        writer.value(text)
        writer.endObject()
        var request = AppRequest(method: "PUT", url: url, headers: [("content-type", "application/json")])
        if signing != nil { request.headers.append(("x-inngest-sync-kind", "in_band")) }
        return await send(request, body: writer.bytes, within: .seconds(10))
    }

    /// Whether the app takes our signature for good.
    /// - Returns: `nil` when its answer tells nothing of it.
    func trusts(_ url: AppURL) async -> Bool? {
        guard signing != nil else { return nil }
        let request = AppRequest(method: "POST", url: url.adding(query: "probe=trust"))
        guard case .success(let response) = await send(request, body: [], within: .seconds(10)) else { return nil }
        switch response.status {
        case 200..<300: return true
        case 401, 403: return false
        default: return nil
        }
    }

    /// Why an app may have refused a signed request, from what it says of itself to anybody: unsigned, and without
    /// a word on who asks, because apps in development answer nobody else.
    func explainRefusal(_ url: AppURL) async -> String? {
        let request = AppRequest(method: "GET", url: url)
        guard signing != nil, case .success(let response) = await probe.send(request, within: .seconds(5)),
            let view = (try? RawJSON(parsing: Array(response.body.readableBytesView)))?.view
        else { return nil }
        return Self.explanation(view)
    }

    /// - Parameter view: an app's description of itself.
    static func explanation(_ view: JSONView) -> String? {
        if view["mode"]?.string == "dev" {
            return "the app is in development mode: unset INNGEST_DEV there, or set it to 0"
        }
        if view["has_signing_key"]?.bool == false {
            return "the app has no signing key: set INNGEST_SIGNING_KEY there"
        }
        return nil
    }

    private func send(_ request: AppRequest, body: [UInt8], within timeout: TimeAmount) async -> Outcome {
        var request = request
        request.headers.append(("x-inngest-server-kind", kind))
        if let signing {
            request = signing.sign(request, body: body, at: ServerClock.now())
        } else {
            request.body = ByteBuffer(bytes: body)
        }
        return await probe.send(request, within: timeout)
    }
}
