extension Registration {
    /// Decodes the body of `POST /fn/register`.
    ///
    /// - Throws: ``RegistrationError`` with everything that is wrong.
    public static func decode(
        _ body: [UInt8],
        limits: RegistrationLimits = .default
    ) throws(RegistrationError) -> Registration {
        try decode(body, names: .register, limits: limits)
    }

    /// Decodes the body with which an app answers a sync request that asked for its registration:
    /// the same in other words (`app_id` for `appName`).
    ///
    /// - Throws: ``RegistrationError`` with everything that is wrong.
    public static func decodeInBand(
        _ body: [UInt8],
        limits: RegistrationLimits = .default
    ) throws(RegistrationError) -> Registration {
        try decode(body, names: .inBand, limits: limits)
    }

    /// Whether an answer to a sync request looks like an in-band registration although no header says so.
    public static func looksInBand(_ body: [UInt8]) -> Bool {
        guard let view = try? RawJSON(parsing: body).view else { return false }
        return view.member(caseInsensitive: "app_id")?.kind == .string
            && view.member(caseInsensitive: "functions")?.kind == .array
    }

    /// The two spellings of one body.
    private enum Names {
        case register, inBand

        var appName: String { self == .register ? "appName" : "app_id" }
    }

    private static func decode(
        _ body: [UInt8],
        names: Names,
        limits: RegistrationLimits
    ) throws(RegistrationError) -> Registration {
        let root: JSONView
        do {
            root = try RawJSON(parsing: body, limits: JSONLimits(size: limits.bodyBytes)).view
        } catch {
            throw RegistrationError(.invalidRequest, details: [error.description])
        }
        guard root.kind == .object else {
            throw RegistrationError(.invalidRequest, details: ["the body must be a JSON object"])
        }
        let known = [
            names.appName, "url", "v", "deployType", "sdk", "sdk_language", "sdk_version", "framework", "appVersion",
            "functions", "capabilities",
        ]
        let fields = RegistrationFields(root, path: "", known: known)
        var problems = RegistrationProblems()

        let appName = fields.text(names.appName, &problems)
        let url = url(of: fields, &problems)
        let (language, version) = sdk(of: fields, &problems)
        let framework = fields.text("framework", &problems)
        let appVersion = fields.text("appVersion", &problems)
        let functions = functions(of: fields, limits: limits, &problems)
        if problems.hasRightTypes, appName.isEmpty {
            throw RegistrationError(.appIDRequired)
        }
        try problems.check()

        var registration = Registration(
            appName: appName, url: url, sdkLanguage: language, sdkVersion: version, framework: framework,
            appVersion: appVersion, functions: functions, checksum: ""
        )
        registration.checksum = RegistrationChecksum.make(
            registration, extra: ["v", "deployType", "capabilities"].map { ($0, fields[$0]) }
        )
        return registration
    }

    private static func url(of fields: RegistrationFields, _ problems: inout RegistrationProblems) -> String {
        let text = fields.text("url", &problems)
        do {
            return try EndpointURL(text).description
        } catch {
            if fields["url"]?.kind ?? .string == .string {
                problems.type("url \(error)")
            }
            return ""
        }
    }

    /// `sdk` is `<language>:v<version>`; in-band bodies may have the two parts on their own.
    private static func sdk(
        of fields: RegistrationFields,
        _ problems: inout RegistrationProblems
    ) -> (language: String, version: String) {
        let sdk = fields.text("sdk", &problems)
        if sdk.isEmpty {
            let version = fields.text("sdk_version", &problems)
            let prefix = version.isEmpty || version.hasPrefix("v") ? "" : "v"
            return (fields.text("sdk_language", &problems), prefix + version)
        }
        let language = sdk.prefix { $0 != ":" }
        return (String(language), String(sdk[language.endIndex...].dropFirst()))
    }

    private static func functions(
        of fields: RegistrationFields,
        limits: RegistrationLimits,
        _ problems: inout RegistrationProblems
    ) -> [FunctionConfiguration] {
        guard let array = fields.container("functions", .array, &problems) else { return [] }
        var functions: [FunctionConfiguration] = []
        var positions: [String: Int] = [:]
        for (index, element) in array.elements.enumerated() {
            guard index < limits.functions else {
                problems.type("functions has more than \(limits.functions) entries")
                break
            }
            let path = "functions[\(index)]"
            guard let function = FunctionDecoder(path: path).decode(element, &problems) else { continue }
            if let first = positions.updateValue(index, forKey: function.slug) {
                problems.rule(function: function.slug, "id is used by both functions[\(first)] and \(path)")
            }
            functions.append(function)
        }
        return functions
    }
}

/// What a registration may hold.
public struct RegistrationLimits: Hashable, Sendable {
    /// Bytes of the whole body.
    public var bodyBytes: Int
    /// Functions of one app.
    public var functions: Int

    /// Makes limits.
    public init(bodyBytes: Int = 8 << 20, functions: Int = 5_000) {
        self.bodyBytes = bodyBytes
        self.functions = functions
    }

    /// 8 MiB and 5000 functions.
    public static let `default` = RegistrationLimits()
}
