import ApusCore

extension FunctionOption where Input: Decodable & Sendable {
    /// Runs when a run of the function has failed, as a function of its own that can have steps too.
    public static func onFailure(_ handler: @escaping @Sendable (FunctionFailure<Input>, Step) async throws -> Void)
        -> Self
    {
        Self { fields in
            fields.onFailure = { client, slug, name in
                var fields = FunctionFields()
                fields.retries = 1
                return FunctionDefinition(
                    client: client, slug: "\(slug)-failure", name: "\(name) (failure)",
                    triggers: [
                        Trigger.event("inngest/function.failed", if: "event.data.function_id == '\(slug)'").json
                    ],
                    fields: fields, problems: []
                ) { pass in
                    let step = Step(pass: pass)
                    try await handler(try FunctionFailure(pass.context.event), step)
                    return .null
                }
            }
        }
    }
}

extension FunctionFailure where Input: Decodable {
    fileprivate init(_ event: ReceivedEvent) throws {
        let data = event.json.view["data"]
        let error = data?["error"]
        name = error?["name"]?.string ?? "Error"
        message = error?["message"]?.string ?? "Unknown error"
        stack = error?["stack"]?.string
        runID = data?["run_id"]?.string ?? ""
        do {
            input = try ReceivedEvent(data?["event"] ?? RawJSON.emptyObject.view).decode(Input.self)
        } catch {
            throw NonRetriableError("the event of the failed run cannot be read: \(error)", cause: error)
        }
    }
}
