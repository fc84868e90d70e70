import ApusCore
import ApusEngine

/// The kinds that came with runs that begin inside an app.
enum GoldenEndpoints {
    private static let start = Timestamp(milliseconds: 1_760_000_000_000)

    static let turns = [
        Turn(
            at: start,
            entries: [
                .endpoint(EndpointTerms(version: 2, retries: 3)),
                .hosted(job: 0, until: start + .minutes(10)),
            ]
        ),
        Turn(
            at: start + .seconds(1),
            entries: [.endpoint(EndpointTerms(version: -1, retries: 20)), .hosted(job: 300, until: start)]
        ),
    ]
}
