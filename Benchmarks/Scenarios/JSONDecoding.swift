import ApusCore

/// What it costs to understand what comes in.
struct JSONDecoding: Scenario {
    let name = "json"
    let summary = "parsing and decoding, without any I/O"

    func measure(_ setup: Setup) async throws -> [Figure] {
        let seconds = setup.seconds / 40
        let canonical = Self.document(separator: "")
        let spaced = Self.document(separator: " ")
        let event = Array("{\"name\":\"bench/event\",\"data\":".utf8) + canonical + Array("}".utf8)
        let reply = RawReply(status: 206, headers: BenchmarkReply.headers, body: BenchmarkReply.ops(step: 3))
        let now = Timestamp(milliseconds: 1_800_000_000_000)
        return [
            try Self.perKilobyte("json: RawJSON, canonical", canonical, seconds) { try RawJSON(parsing: canonical) },
            try Self.perKilobyte("json: RawJSON, not canonical", spaced, seconds) { try RawJSON(parsing: spaced) },
            Self.perKilobyte("json: EventRequest, 1 KB", event, seconds) { EventRequest.decode(event) },
            Self.perKilobyte("json: AppReply, a 206 of 0.3 KB", reply.body, seconds) {
                AppReply.decode(reply, now: now)
            },
        ]
    }

    private static func perKilobyte<Result>(
        _ name: String, _ text: [UInt8], _ seconds: Double, _ body: () throws -> Result
    ) rethrows -> Figure {
        let times = try Repetition.nanoseconds(seconds: seconds, body)
        return Figure(name, times.map { $0 / Double(text.count) * 1_000 }, "ns/KB")
    }

    /// About 1 KB; with a separator its members are neither in order nor free of whitespace.
    private static func document(separator: String) -> [UInt8] {
        var members = (10..<26).map { index in
            "\"field-\(index)\":\(separator){\"amount\":\(index * 1_000),\"name\":\"The thing of number \(index)\"}"
        }
        if !separator.isEmpty { members.reverse() }
        return Array("{\(members.joined(separator: "," + separator))}".utf8)
    }
}
