import ApusCore
import ApusEngine
import Testing

/// What the golden files hold since requests are made for steps. Frozen, like `GoldenValues`.
enum GoldenGateways {
    static let turns: [Turn] = [
        Turn(
            at: GoldenValues.now,
            entries: [
                .gateway(
                    GatewayCall(
                        job: 3, version: 2,
                        requests: [
                            GatewayCall.Request(
                                step: GoldenValues.textStep, label: StepLabel(name: "größer 👋", kind: .aiGateway),
                                isRace: true, host: "api.example.com:8443", input: Payload(GoldenValues.large, row: 9)
                            ),
                            GatewayCall.Request(
                                step: StepID.hashing("a"), label: StepLabel(name: "", kind: .gateway), isRace: false,
                                host: "", input: Payload(.emptyObject)
                            ),
                        ]
                    )
                ),
                .gateway(GatewayCall(job: .max, version: nil, requests: [])),
            ]
        )
    ]
}
