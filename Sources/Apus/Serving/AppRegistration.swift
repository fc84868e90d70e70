import ApusCore

/// What the app says of itself to the server.
struct AppRegistration: Sendable {
    let client: Client
    let functions: [FunctionDefinition]
    let framework: String

    /// Everything that is wrong with the functions, as far as it can be seen without the server.
    /// - Parameter keyProblem: what is wrong with the client's keys.
    func problems(with keyProblem: String?) -> [String] {
        var problems = functions.flatMap(\.problems)
        var seen: Set<String> = []
        for function in functions where !seen.insert(function.slug).inserted {
            problems.append("there are two functions with the id \(function.slug)")
        }
        if let keyProblem { problems.append(keyProblem) }
        guard problems.isEmpty else { return problems }
        do {
            // The server reads it with the same code.
            _ = try Registration.decode(body(url: "http://localhost:3000/api/inngest").bytes)
        } catch {
            problems = error.details.isEmpty ? [error.message] : error.details
        }
        return problems
    }

    /// The body of `POST /fn/register`.
    func body(url: String) -> RawJSON {
        .object([
            "appName": .string(client.appID),
            "appVersion": client.settings.appVersion.map(RawJSON.string),
            "capabilities": AppRegistration.capabilities,
            "deployType": .string("ping"),
            "framework": .string(framework),
            "functions": .array(functions.map { json(of: $0, url: url) }),
            "sdk": .string(Client.identification),
            "url": .string(url),
            "v": .string("0.1"),
        ])
    }

    /// The same, as the answer to a sync that asks for it.
    func inBandBody(url: String, inspection: RawJSON) -> RawJSON {
        .object([
            "app_id": .string(client.appID),
            "appVersion": client.settings.appVersion.map(RawJSON.string),
            "capabilities": AppRegistration.capabilities,
            "env": client.settings.environment.map(RawJSON.string),
            "framework": .string(framework),
            "functions": .array(functions.map { json(of: $0, url: url) }),
            "inspection": inspection,
            "sdk_author": .string("apus"),
            "sdk_language": .string("swift"),
            "sdk_version": .string(Client.version),
            "sdk": .string(Client.identification),
            "url": .string(url),
        ])
    }

    static let capabilities = RawJSON.object(["in_band_sync": .string("v1"), "trust_probe": .string("v1")])

    private func json(of function: FunctionDefinition, url: String) -> RawJSON {
        let query = "fnId=\(function.slug)&stepId=step"
        let step = RawJSON.object([
            "id": .string("step"),
            "name": .string("step"),
            "retries": function.fields.retries.map { .object(["attempts": .int(Int64($0))]) },
            "runtime": .object([
                "type": .string("http"), "url": .string(url.contains("?") ? "\(url)&\(query)" : "\(url)?\(query)"),
            ]),
        ])
        var members = Array(function.fields.all)
        members.append(("id", .string(function.slug)))
        members.append(("name", .string(function.name)))
        members.append(("triggers", .array(function.triggers)))
        members.append(("steps", .object(["step": step])))
        return .object(members.map { ($0.0, $0.1) })
    }
}
