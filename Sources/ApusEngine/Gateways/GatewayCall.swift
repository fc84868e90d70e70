import ApusCore

/// What the journal keeps of the requests that an app's answer asked for: nothing secret.
package struct GatewayCall: Hashable, Sendable {
    /// The job whose call the app has answered; it goes on until the last of the requests has ended.
    package var job: JobNumber
    /// Set by the answer that fixes the run's.
    package var version: Int?
    package var requests: [Request]

    package init(job: JobNumber, version: Int?, requests: [Request]) {
        self.job = job
        self.version = version
        self.requests = requests
    }

    package struct Request: Hashable, Sendable {
        package var step: StepID
        package var label: StepLabel
        package var isRace: Bool
        package var host: String
        /// Method, URL, names of headers, and of AI requests the body; for people.
        package var input: Payload

        package init(step: StepID, label: StepLabel, isRace: Bool, host: String, input: Payload) {
            self.step = step
            self.label = label
            self.isRace = isRace
            self.host = host
            self.input = input
        }
    }
}

/// A request of a job that an app's answer has asked for.
package struct OpenGateway: Hashable, Sendable {
    package var step: StepID
    package var isRace: Bool
    package var host: String

    init(_ request: GatewayCall.Request) {
        step = request.step
        isRace = request.isRace
        host = request.host
    }
}

extension GatewayRequest {
    /// Bytes of a body that are kept for people.
    private static let shownBody = 16 << 10

    /// The request as people may see it.
    var shown: RawJSON {
        var writer = JSONWriter()
        writer.beginObject()
        if kind == .ai, !body.isEmpty {
            writer.key("body")
            writer.raw(shownBody)
        } else if !body.isEmpty {
            writer.member("body_bytes", body.count)
        }
        writer.key("headers")
        var values: [String: String] = [:]
        for header in headers {
            let isHarmless = GatewayHeaders.isHarmless(header.name)
            values[header.name.lowercased()] = isHarmless ? header.value : SecretParameters.mark
        }
        writer.object(of: values) { $1.value($0) }
        writer.member("method", method)
        writer.member("url", url.shown)
        writer.endObject()
        return writer.finish()
    }

    private var shownBody: RawJSON {
        guard let json = try? RawJSON(parsing: body) else { return .null }
        var writer = JSONWriter(reserving: min(json.bytes.count, Self.shownBody))
        Self.writeWithoutSecrets(json.view, to: &writer)
        let shown = writer.finish()
        guard shown.bytes.count > Self.shownBody else { return shown }
        return .string(shown.description.excerpt(bytes: Self.shownBody))
    }

    private static func writeWithoutSecrets(_ value: JSONView, to writer: inout JSONWriter) {
        switch value.kind {
        case .object:
            writer.beginObject()
            for (key, value) in value.members {
                let name = key.string ?? ""
                writer.key(name)
                if value.kind == .string, SecretParameters.isSecret(member: name) {
                    writer.value(SecretParameters.mark)
                } else {
                    writeWithoutSecrets(value, to: &writer)
                }
            }
            writer.endObject()
        case .array:
            writer.beginArray()
            for element in value.elements { writeWithoutSecrets(element, to: &writer) }
            writer.endArray()
        case .string, .number, .bool, .null:
            writer.raw(value)
        }
    }
}
