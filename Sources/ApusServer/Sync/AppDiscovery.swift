import ApusNode
import NIOCore

/// Where apps under development usually are.
enum AppDiscovery {
    private static let usualPorts =
        [80, 443] + Array(3_000...3_010) + [4_321, 5_000, 5_173, 8_000, 8_080, 8_081, 8_888]
        + Array(8_910...8_915) + [8_787]
    private static let paths = [
        "/api/inngest", "/x/inngest", "/.netlify/functions/inngest", "/.redwood/functions/inngest",
    ]

    static func ports(extra: Int?) -> [Int] {
        usualPorts + (extra.map { usualPorts.contains($0) ? [] : [$0] } ?? [])
    }

    /// An answer of an SDK carries its name, whatever the status.
    static func look(at port: Int, probe: AppProbe) async -> [String] {
        for path in paths {
            let text = "http://127.0.0.1:\(port)\(path)"
            guard let url = try? AppURL(text) else { continue }
            let request = AppRequest(method: "GET", url: url, headers: [], body: ByteBuffer())
            switch await probe.send(request, within: .seconds(2)) {
            case .success(let response):
                if response.headers.first(name: "x-inngest-sdk")?.isEmpty == false { return [text] }
            case .failure(.unreachable): return []
            case .failure: continue
            }
        }
        return []
    }
}
