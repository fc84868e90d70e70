import ApusCore

/// To a server, by the client's transport.
struct HTTPLink: ServerLink {
    let client: Client

    func ingest(_ events: [UInt8], seed: String) async throws -> IngestAnswer {
        let settings = client.settings
        let needsNoKey = settings.isDevelopment || TestTransport.current != nil
        guard let key = settings.eventKey ?? (needsNoKey ? "NO_EVENT_KEY_SET" : nil) else {
            throw ConfigurationError("no event key is set (INNGEST_EVENT_KEY)")
        }
        let request = TransportRequest(
            method: "POST", url: settings.eventURL.joined("/e/\(key)"),
            headers: client.headers(authorizedBy: nil) + [("X-Inngest-Event-Id-Seed", seed)], body: events)
        let response: TransportResponse
        do {
            response = try await client.transport.send(request)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw NoAnswer(description: "\(settings.eventURL) cannot be reached (\(error))")
        }
        let answer = (try? RawJSON(parsing: response.body))?.view
        let ids = answer?["ids"]?.elements.compactMap(\.string) ?? []
        let reason = answer?["error"]?.string ?? ""
        if response.status == 200, reason.isEmpty { return IngestAnswer(ids: ids) }
        return IngestAnswer(
            ids: ids, status: response.status,
            failure: reason.isEmpty ? "the server answered \(response.status)" : reason)
    }

    func signal(_ signal: [UInt8]) async throws -> Bool {
        let response = try await client.ask("POST", "/v1/signals", body: signal)
        switch response.status {
        case 200..<300: return true
        case 404: return false
        default:
            throw SendError(reason: "the server answered \(response.status)", status: response.status, accepted: [])
        }
    }

    func checkpoint(_ run: String, _ report: [UInt8]) async throws -> CheckpointReceipt {
        let response = try await client.ask("POST", "/v1/checkpoint/\(run)/async", body: report)
        switch response.status {
        case 200..<300: return .taken
        case 409: return .stale
        default: throw NoAnswer(description: "the server answered \(response.status)")
        }
    }

    func results(of run: String) async throws -> RawJSON { try await fetch("/v0/runs/\(run)/actions") }

    func events(of run: String) async throws -> RawJSON { try await fetch("/v0/runs/\(run)/batch") }

    private func fetch(_ path: String) async throws -> RawJSON {
        let answer = try await client.ask("GET", path)
        guard answer.status == 200 else {
            throw CallError("the state of the run cannot be fetched: the server answered \(answer.status)")
        }
        return try RawJSON(parsing: answer.body)
    }

    private struct NoAnswer: Error, CustomStringConvertible {
        let description: String
    }
}
