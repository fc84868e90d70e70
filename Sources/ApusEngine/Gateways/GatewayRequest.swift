import ApusCore

/// A request that the server makes for a step: the op `AIGateway` or `Gateway`, understood.
///
/// It holds secrets, so it lives in memory only. What is stored of it is ``GatewayCall``; after a crash the app is
/// called again and reports the op again.
package struct GatewayRequest: Sendable {
    package enum Kind: Hashable, Sendable {
        /// `step.ai.infer`: a model provider answers in JSON.
        case ai
        /// `step.fetch`: any answer is a result.
        case http
    }

    package var step: StepID
    package var kind: Kind
    /// In capitals.
    package var method: String
    package var url: GatewayURL
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    package var label: StepLabel
    package var isRace: Bool
    /// To whom what comes back is passed on while it arrives.
    package var audience: Audience?
    /// What must not be found in texts that are stored: keys, passwords, values of headers.
    package var secrets: [String]

    /// A topic of realtime.
    package struct Audience: Hashable, Sendable {
        package var channel: String
        package var topic: String
    }

    private static let longestMethod = 32

    init(_ op: Op) throws(InstructionError) {
        let options = op.options?.view
        step = op.id
        kind = op.kind == .aiGateway ? .ai : .http
        label = StepLabel(name: op.displayName, kind: kind == .ai ? .aiGateway : .gateway)
        isRace = op.isRace
        audience = try Self.audience(options?["publish"], of: op.kind)
        url = try GatewayURL(options?["url"]?.string ?? "", of: op.kind)
        let own = try GatewayHeaders.read(options?["headers"], of: op.kind)
        headers = own
        method = "POST"
        body = []
        secrets = url.secrets
        if kind == .ai {
            body = options?["body"].flatMap { $0.isNull ? nil : Array($0.slice) } ?? []
            addIfAbsent("Content-Type", "application/json")
            authenticate(format: options?["format"]?.string ?? "", key: options?["auth_key"]?.string ?? "")
        } else {
            let text = options?["method"]?.string ?? ""
            if !text.isEmpty { method = text.uppercased() }
            guard method.utf8.count <= Self.longestMethod else {
                throw InstructionError(
                    .noticed(message: "Gateway has a method of more than \(Self.longestMethod) bytes."))
            }
            body = Self.body(options?["body"], contentType: value(of: "content-type"))
        }
        if let credentials = url.basicAuthorization { addIfAbsent("Authorization", credentials) }
        secrets += GatewayHeaders.secrets(in: headers)
    }

    private static func audience(_ value: JSONView?, of kind: Op.Kind) throws(InstructionError) -> Audience? {
        guard let value, !value.isNull else { return nil }
        guard let channel = value["channel"]?.string, let topic = value["topic"]?.string else {
            throw InstructionError(
                .noticed(message: "\(kind.rawValue) has publish that is no object with the strings channel and topic.")
            )
        }
        return Audience(channel: channel, topic: topic)
    }

    /// How a provider wants to be shown the key.
    private mutating func authenticate(format: String, key: String) {
        guard !key.isEmpty else { return }
        secrets.append(key)
        switch format {
        case "gemini": url.add(parameter: "key", key)
        case "anthropic": addIfAbsent("x-api-key", key)
        case "bedrock": addIfAbsent("Authorization", key)
        default: addIfAbsent("Authorization", "Bearer \(key)")
        }
    }

    /// What the function has set itself stays.
    private mutating func addIfAbsent(_ name: String, _ value: String) {
        if self.value(of: name.lowercased()) == nil { headers.append((name, value)) }
    }

    private func value(of name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }

    /// A text that is no JSON goes out as a JSON string, unless it is said to be something else.
    private static func body(_ value: JSONView?, contentType: String?) -> [UInt8] {
        guard let value, !value.isNull else { return [] }
        guard let text = value.string else { return Array(value.slice) }
        guard !text.isEmpty else { return [] }
        let bytes = Array(text.utf8)
        if let contentType, !contentType.lowercased().contains("json") { return bytes }
        // Only looked at: it goes out as it was written.
        let isJSON = (try? RawJSON(parsing: bytes)) != nil
        return isJSON ? bytes : RawJSON.string(text).bytes
    }
}

// A request must not get into a log because something that holds it is printed.
extension GatewayRequest: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(method) \(url.host)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Header fields of a gateway request, and which of them may be shown.
enum GatewayHeaders {
    /// Fields of one request, and bytes of all their names and values.
    private static let most = 200
    private static let mostBytes = 64 << 10

    static func read(_ value: JSONView?, of kind: Op.Kind) throws(InstructionError) -> [(name: String, value: String)] {
        guard let value, !value.isNull else { return [] }
        guard value.kind == .object else {
            throw InstructionError(.noticed(message: "\(kind.rawValue) has headers that are not an object."))
        }
        var headers: [(name: String, value: String)] = []
        var bytes = 0
        for (key, value) in value.members {
            guard let name = key.string, let text = text(value) else { continue }
            bytes += name.utf8.count + text.utf8.count
            headers.append((name, text))
            guard headers.count <= most, bytes <= mostBytes else {
                throw InstructionError(
                    .noticed(
                        message: "\(kind.rawValue) has more than \(most) headers or \(mostBytes) bytes of them.",
                        isFinal: true
                    )
                )
            }
        }
        return headers
    }

    /// Several values of a name are joined, as senders may do.
    private static func text(_ value: JSONView) -> String? {
        switch value.kind {
        case .string: value.string
        case .number, .bool: value.raw.description
        case .array: value.elements.compactMap(text).joined(separator: ", ")
        case .null, .object: nil
        }
    }

    /// The names of fields whose values say nothing that anybody might want to hide.
    private static let harmless: Set<String> = [
        "accept", "accept-language", "anthropic-beta", "anthropic-version", "cache-control", "content-language",
        "content-type", "openai-beta", "user-agent",
    ]

    package static func isHarmless(_ name: String) -> Bool {
        harmless.contains(name.lowercased())
    }

    /// The values that must not be stored; very short ones would be found everywhere.
    static func secrets(in headers: [(name: String, value: String)]) -> [String] {
        var secrets: [String] = []
        for header in headers where !isHarmless(header.name) {
            secrets.append(header.value)
            // A server may repeat the credentials without the word before them.
            if let space = header.value.firstIndex(of: " ") {
                secrets.append(String(header.value[header.value.index(after: space)...]))
            }
        }
        return secrets
    }
}
