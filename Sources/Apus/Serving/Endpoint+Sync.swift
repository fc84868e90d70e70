import ApusCore

extension Endpoint {
    /// Tells the server what functions there are: in the answer if it asks for that, else by a request of its own.
    func sync(_ request: AppRequest, _ trust: Trust) async -> AppResponse {
        let isInBand = request.header("x-inngest-sync-kind") == "in_band"
        switch trust {
        case .none: return .message("Unauthorized", status: 401)
        case .unsigned where isInBand || !client.settings.allowsUnsignedSync:
            return .message("Unauthorized", status: 401)
        default: break
        }
        guard problems.isEmpty else { return .message(problems.joined(separator: "; "), status: 500) }
        return isInBand ? inBand(request) : await outOfBand(request)
    }

    private func inBand(_ request: AppRequest) -> AppResponse {
        let asked = (try? RawJSON(parsing: request.body))?.view["url"]?.string
        let url = address(in: request, asked: asked)
        let body = registration.inBandBody(url: url, inspection: inspection(isTrusted: true))
        return AppResponse(status: 200, headers: [("X-Inngest-Sync-Kind", "in_band")], body: body.bytes)
    }

    private func outOfBand(_ request: AppRequest) async -> AppResponse {
        let kind = [("X-Inngest-Sync-Kind", "out_of_band")]
        var headers: [(name: String, value: String)] = kind
        if let server = request.header("x-inngest-server-kind") {
            headers.append(("X-Inngest-Expected-Server-Kind", server))
        }
        do {
            let body = registration.body(url: address(in: request, asked: nil)).bytes
            let answer = try await client.ask("POST", "/fn/register", body: body, extra: headers)
            let json = (try? RawJSON(parsing: answer.body))?.view
            guard (200..<300).contains(answer.status) else {
                let reason = json?["error"]?.string ?? "the server answered \(answer.status)"
                return AppResponse.message("the app was not registered: \(reason)", status: 500).with(kind)
            }
            let modified = json?["modified"]?.bool ?? true
            let report = RawJSON.object(["message": .string("Successfully registered"), "modified": .bool(modified)])
            return AppResponse(status: 200, headers: kind, body: report.bytes)
        } catch {
            return AppResponse.message("the app was not registered: \(error)", status: 500).with(kind)
        }
    }

    /// Where the server reaches the app.
    private func address(in request: AppRequest, asked: String?) -> String {
        let settings = client.settings
        if let asked, settings.serveOrigin == nil, settings.servePath == nil { return asked }
        let scheme = request.header("x-forwarded-proto") ?? request.scheme
        let host = request.header("x-forwarded-host") ?? request.header("host") ?? "localhost"
        let origin = settings.serveOrigin ?? "\(scheme)://\(host)"
        return origin.joined(settings.servePath ?? request.path)
    }
}

// MARK: - What the app says of itself

extension Endpoint {
    func introspection(_ trust: Trust) -> AppResponse {
        var isTrusted = false
        if case .signed = trust { isTrusted = true }
        return AppResponse(status: 200, headers: [], body: inspection(isTrusted: isTrusted).bytes)
    }

    private func inspection(isTrusted: Bool) -> RawJSON {
        let settings = client.settings
        var members: [(String, RawJSON)] = [
            ("function_count", .int(Int64(functions.count))),
            ("has_event_key", .bool(settings.eventKey != nil)),
            ("has_signing_key", .bool(settings.signingKey != nil)),
            ("has_signing_key_fallback", .bool(settings.signingKeyFallback != nil)),
            ("mode", .string(settings.isDevelopment ? "dev" : "cloud")),
            ("schema_version", .string("2024-05-24")),
        ]
        if !problems.isEmpty { members.append(("problems", .array(problems.map(RawJSON.string)))) }
        guard isTrusted else { return .object(members) }
        members += [
            ("api_origin", .string(settings.apiURL)),
            ("app_id", .string(client.appID)),
            ("authentication_succeeded", .bool(true)),
            ("capabilities", AppRegistration.capabilities),
            ("env", settings.environment.map(RawJSON.string) ?? .null),
            ("event_api_origin", .string(settings.eventURL)),
            ("framework", .string(registration.framework)),
            ("sdk_language", .string("swift")),
            ("sdk_version", .string(Client.version)),
            ("serve_origin", settings.serveOrigin.map(RawJSON.string) ?? .null),
            ("serve_path", settings.servePath.map(RawJSON.string) ?? .null),
            ("signing_key_hash", client.keys.signing.first.map { .string($0.first.hashText) } ?? .null),
        ]
        return .object(members)
    }
}

extension AppResponse {
    fileprivate func with(_ headers: [(name: String, value: String)]) -> AppResponse {
        var response = self
        response.headers += headers
        return response
    }
}
