import ApusCore
import Testing

@testable import ApusEngine

/// A request to a model provider.
/// - Parameter options: further members of the op's options, as JSON text without braces.
func infer(
    _ name: String, _ url: String = "https://ai.test/v1/chat", key: String = "s3cret-key", race: Bool = false,
    options: String = #""body":{"model":"m"}"#
) -> Op {
    let mode = race ? #","parallelMode":"race""# : ""
    return Op(
        kind: .aiGateway, id: id(name), displayName: name,
        options: json(#"{"url":"\#(url)","auth_key":"\#(key)",\#(options)\#(mode)}"#)
    )
}

/// A request to anywhere.
/// - Parameter options: further members of the op's options, as JSON text without braces.
func fetch(_ name: String, _ url: String = "https://web.test/", _ options: String = #""method":"GET""#) -> Op {
    Op(kind: .gateway, id: id(name), displayName: name, options: json(#"{"url":"\#(url)",\#(options)}"#))
}

func answered(
    _ status: Int = 200, _ body: String = #"{"a":1}"#, _ headers: [(name: String, value: String)] = []
) -> Result<GatewayResponse, GatewayFault> {
    .success(GatewayResponse(status: status, headers: headers, body: Array(body.utf8), url: "https://web.test/end"))
}

extension CoreHarness {
    /// The requests that are under way, by the names of their steps.
    var requested: [String] { gateways.flatMap { $0.requests.map(\.label.name) } }

    /// The request of a step that is under way.
    func request(_ name: String, _ location: SourceLocation = #_sourceLocation) throws -> GatewayRequest {
        try #require(gateways.flatMap(\.requests).first { $0.label.name == name }, sourceLocation: location)
    }

    /// A request of a step ends.
    @discardableResult
    func end(
        _ name: String, _ answer: Result<GatewayResponse, GatewayFault> = answered(),
        _ location: SourceLocation = #_sourceLocation
    ) throws -> Decision {
        let request = try request(name, location)
        return try end(name, with: GatewayResult(answer, to: request, now: now), location)
    }

    @discardableResult
    func end(
        _ name: String, with result: GatewayResult, _ location: SourceLocation = #_sourceLocation
    ) throws -> Decision {
        let index = try #require(
            gateways.firstIndex { $0.requests.contains { $0.label.name == name } }, sourceLocation: location)
        var call = gateways[index]
        call.requests.removeAll { $0.label.name == name }
        if call.requests.isEmpty { gateways.remove(at: index) } else { gateways[index] = call }
        return feed(
            .gateway(GatewayReport(call: call.id, step: id(name), result: result, isLast: call.requests.isEmpty)))
    }
}
