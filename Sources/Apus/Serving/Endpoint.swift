import ApusCore
import Logging

/// An app's functions, ready to be called by the server: `GET`, `PUT` and `POST` on one path, `/api/inngest` by habit.
///
/// `router.apus(client, functions:)` of ApusHummingbird does all of this for Hummingbird; in any other web framework hand
/// each request of the path to ``handle(_:)``.
public struct Endpoint: Sendable {
    /// The app.
    public let client: Client
    let functions: [String: FunctionDefinition]
    let registration: AppRegistration

    /// What is wrong with the functions. While there is something, the app does not register.
    public let problems: [String]

    /// Serves functions.
    /// - Parameter framework: the web framework's name, which the server shows.
    public init(_ client: Client, functions: [any Servable], framework: String = "swift") {
        self.init(client, functions, framework, keyProblem: client.keys.problem)
        for problem in problems {
            client.settings.logger.error("the app cannot register", metadata: ["problem": "\(problem)"])
        }
    }

    /// Functions for an engine in this process, which needs no keys.
    package init(embedding client: Client, functions: [any Servable]) {
        self.init(client, functions, "embedded", keyProblem: nil)
    }

    private init(_ client: Client, _ functions: [any Servable], _ framework: String, keyProblem: String?) {
        self.client = client
        let all = functions.flatMap(\.definition.all)
        self.functions = Dictionary(all.map { ($0.slug, $0) }) { first, _ in first }
        registration = AppRegistration(client: client, functions: all, framework: framework)
        problems = registration.problems(with: keyProblem)
    }

    /// What the app says of itself, the body of `POST /fn/register`.
    package func registrationBody(url: String) -> [UInt8] { registration.body(url: url).bytes }

    /// Bytes of a request's body at most, which web frameworks may want to know: the largest call, with room to spare.
    public static let bodyLimit = 16 << 20

    /// Answers a request.
    public func handle(_ request: AppRequest) async -> AppResponse {
        let trust = trust(in: request)
        var response: AppResponse
        switch (request.method, trust) {
        case ("GET", .none), ("POST", .none), ("POST", .unsigned): response = unauthorized
        case ("GET", .unsigned): response = client.settings.isDevelopment ? introspection(trust) : unauthorized
        case ("GET", _): response = introspection(trust)
        case ("PUT", _): response = await sync(request, trust)
        case ("POST", _):
            response = request.query("probe") == "trust" ? probed : await call(request)
        default:
            response = AppResponse(status: 405, headers: [("Allow", "GET, POST, PUT")], body: [])
        }
        if response.status != 401 {
            response.headers += headers(request)
        } else {
            response.headers.append(("X-Inngest-SDK-Handled", "true"))
        }
        response.headers.append(("Content-Type", "application/json"))
        if case .signed(let keys) = trust {
            response.headers.append(("X-Inngest-Signature", keys.signature(of: response.body, at: .now)))
        }
        return response
    }

    private func headers(_ request: AppRequest) -> [(name: String, value: String)] {
        var headers = Endpoint.identification
        headers.append(("X-Inngest-SDK-Handled", "true"))
        headers.append(("X-Inngest-Framework", registration.framework))
        if let environment = client.settings.environment { headers.append(("X-Inngest-Env", environment)) }
        if let kind = request.header("x-inngest-server-kind") {
            headers.append(("X-Inngest-Expected-Server-Kind", kind))
        }
        return headers
    }

    /// What an answer must say to be understood.
    package static let identification: [(name: String, value: String)] = [
        ("X-Inngest-SDK", Client.identification),
        // Of the two versions this is the one in which the server joins parallel steps: one call goes on with all
        // of them, where version 1 makes one for each.
        ("X-Inngest-Req-Version", "2"),
    ]

    private var unauthorized: AppResponse { .message("Unauthorized", status: 401) }
    private var probed: AppResponse { AppResponse(status: 200, headers: [], body: RawJSON.emptyObject.bytes) }
}

// MARK: - Calls

extension Endpoint {
    private func call(_ request: AppRequest) async -> AppResponse {
        var target = request.query("stepId")
        if target == nil || target == "step" { target = request.header("x-inngest-step-id") }
        return await answer(to: request.query("fnId"), step: target, body: request.body)
    }

    /// Answers a call that is known to come from the server.
    /// - Parameters:
    ///   - slug: the function, `<app>-<function>`.
    ///   - step: the only step to run; `step` or nothing for none in particular.
    package func answer(to slug: String?, step: String?, body: [UInt8]) async -> AppResponse {
        guard let slug, let function = functions[slug] else {
            let slug = slug?.excerpt() ?? ""
            return .message("the app has no function \(slug); is its registration up to date?", status: 500)
        }
        do {
            var call = try Call(parsing: body, target: step)
            if call.usesAPI { try await fetchState(of: &call) }
            return await CallDriver(client: client, definition: function, call: call).reply().response
        } catch {
            client.settings.logger.error("a call cannot be answered", metadata: ["error": "\(error)"])
            return .message("\(error)", status: 500)
        }
    }

    /// Gets what was too large for the call.
    private func fetchState(of call: inout Call) async throws {
        let link = client.link
        let run = call.run
        async let results = link.results(of: run)
        async let events = link.events(of: run)
        call.steps = try await results.view
        let batch = try await Array(events.view.elements)
        if !batch.isEmpty { call.events = batch }
    }
}

// MARK: - Trust

/// What a request's signature is worth.
enum Trust {
    /// The server is one for development, which signs nothing.
    case development
    /// Made with one of the client's keys.
    case signed(SigningKeys)
    /// There is no signature.
    case unsigned
    /// There is one that does not count.
    case none
}

extension Endpoint {
    private func trust(in request: AppRequest) -> Trust {
        if client.settings.isDevelopment { return .development }
        guard let signature = request.header("x-inngest-signature"), !signature.isEmpty else { return .unsigned }
        for keys in client.keys.signing {
            if keys.verdict(on: signature, of: request.body, at: .now) == .valid { return .signed(keys) }
            // What a proxy has written anew still has the form that was signed.
            if let json = try? RawJSON(parsing: request.body),
                keys.verdict(on: signature, of: jcs(json), at: .now) == .valid
            {
                return .signed(keys)
            }
        }
        return .none
    }
}

extension AppResponse {
    static func message(_ text: String, status: Int) -> AppResponse {
        AppResponse(status: status, headers: [], body: RawJSON.object(["message": .string(text)]).bytes)
    }
}
