import ApusCore
import ApusNode
import ArgumentParser
import Foundation
import NIOCore
import NIOPosix

/// Which server a command asks.
struct ServerOptions: ParsableArguments {
    @Option(name: .long, help: "The server.")
    var url = "http://127.0.0.1:8288"

    @Option(name: .long, help: "The server's signing key; better in the variable INNGEST_SIGNING_KEY.")
    var signingKey: String?

    var client: ServerClient {
        get throws { ServerClient(url: url, key: try key) }
    }

    private var key: SigningKey? {
        get throws {
            let variables = Setting(name: "signing-key").variables
            let environment = ProcessInfo.processInfo.environment
            let source = variables.first { environment[$0]?.isEmpty == false }
            guard let text = signingKey ?? source.flatMap({ environment[$0] }) else { return nil }
            // As for a server, commas may separate several.
            let first = text.split(separator: ",").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
            do {
                return try SigningKey(parsing: first)
            } catch {
                throw PlainFailure("\(signingKey == nil ? source ?? "" : "--signing-key") cannot be used: \(error).")
            }
        }
    }
}

/// Asks a server by its HTTP interface.
struct ServerClient {
    let url: String
    private let key: SigningKey?
    private let probe = AppProbe(
        loop: MultiThreadedEventLoopGroup.singleton.next(), userAgent: "Apus/\(ApusVersion.text)"
    )

    /// - Parameter key: `nil` for a server that asks for none.
    init(url: String, key: SigningKey?) {
        self.url = url
        self.key = key
    }

    /// The `data` of the answer.
    /// - Throws: ``PlainFailure`` with what the server says is wrong.
    func ask(_ method: String, _ path: String, _ body: RawJSON? = nil) async throws -> RawJSON {
        let answer = try await answer(method, path, body)
        return answer.view["data"]?.raw ?? answer
    }

    /// The whole answer.
    /// - Throws: ``PlainFailure`` with what the server says is wrong.
    func answer(_ method: String, _ path: String, _ body: RawJSON? = nil) async throws -> RawJSON {
        guard let answer = try await findAnswer(method, path, body) else {
            throw PlainFailure("\(url) does not know \(path).")
        }
        return answer
    }

    /// Where the answer has no body.
    func tell(_ method: String, _ path: String) async throws {
        let answer = try await send(method, path, nil)
        guard (200..<300).contains(answer.status) else { throw failure(answer) }
    }

    /// - Returns: `nil` when the server answers 404 and `isOptional`.
    func find(
        _ method: String, _ path: String, _ body: RawJSON? = nil, isOptional: Bool = false
    ) async throws -> RawJSON? {
        try await findAnswer(method, path, body, isOptional: isOptional).map { $0.view["data"]?.raw ?? $0 }
    }

    private func findAnswer(
        _ method: String, _ path: String, _ body: RawJSON? = nil, isOptional: Bool = false
    ) async throws -> RawJSON? {
        let answer = try await send(method, path, body)
        if answer.status == 404, isOptional { return nil }
        if answer.status == 204 { return .null }
        guard (200..<300).contains(answer.status), let json = answer.json else { throw failure(answer) }
        return json
    }

    private struct Answer {
        var status: Int
        /// `nil` when the body is no JSON.
        var json: RawJSON?
    }

    private func failure(_ answer: Answer) -> PlainFailure {
        if answer.status == 401, answer.json?.view["error"]?.string == "Authentication failed" {
            let problem = key == nil ? "asks for its signing key" : "has another signing key"
            return PlainFailure("\(url) \(problem): set INNGEST_SIGNING_KEY, or give --signing-key.")
        }
        return PlainFailure(answer.json?.view["error"]?.string ?? "\(url) answered \(answer.status).")
    }

    private func send(_ method: String, _ path: String, _ body: RawJSON?) async throws -> Answer {
        let address: AppURL
        do {
            address = try AppURL("\(url)\(path)")
        } catch {
            throw PlainFailure("--url \(url) cannot be used: \(error)")
        }
        var request = AppRequest(method: method, url: address, headers: [("X-Apus-Actor", Self.actor)])
        // The hash is enough, and the key stays here.
        if let key { request.headers.append(("Authorization", "Bearer \(key.hashText)")) }
        if let body {
            request.headers.append(("Content-Type", "application/json"))
            request.body = ByteBuffer(bytes: body.bytes)
        }
        switch await probe.send(request, within: .seconds(10)) {
        case .failure(let failure):
            throw PlainFailure("There is no server at \(url): \(failure)")
        case .success(let response):
            return Answer(
                status: response.status, json: try? RawJSON(parsing: Array(response.body.readableBytesView))
            )
        }
    }

    /// The person at the terminal, for the record of who changed what.
    private static var actor: String {
        let name = ProcessInfo.processInfo.environment["USER"] ?? ""
        return name.isEmpty ? "command line" : "\(name) at the command line"
    }
}

extension String {
    /// As one part of a path.
    var asPathPart: String {
        addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? ""
    }
}
