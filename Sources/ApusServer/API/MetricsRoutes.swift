import ApusCore
import ApusEngine
import ApusNode
import ApusStore
import HTTPTypes
import Hummingbird

/// `GET /metrics`: how much the server holds, in Prometheus' text format.
struct MetricsRoutes: Sendable {
    let node: Node
    let broadcast: Broadcast

    func add(to routes: inout RouteTable) {
        routes.on(.get, "/metrics") { _, _ in
            Answers.text(try await text(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    private static let gauges: [(name: String, help: String, value: @Sendable (ShardFigures) -> Int)] = [
        ("apus_busy_runs", "Runs in which something is under way.", { $0.busyRuns }),
        ("apus_idle_runs_in_memory", "Runs that wait and are kept in memory.", { $0.idleRuns }),
        ("apus_resident_bytes", "Bytes of folded runs in memory.", { $0.residentBytes }),
        ("apus_open_calls", "Calls to apps under way.", { $0.openCalls }),
        ("apus_gateway_jobs", "Calls that apps have answered and that wait for requests.", { $0.gatewayCalls }),
        ("apus_waiting_jobs", "Calls that wait for their app.", { $0.waitingJobs }),
        ("apus_pending_starts", "Debounces and batches that have not started their run.", { $0.pendings }),
        ("apus_rate_keys", "Keys that throttles and rate limits remember.", { $0.rateKeys }),
        ("apus_alarms", "Wake-up times in memory.", { $0.alarms }),
        ("apus_pending_looks", "Events that have not reached all who wait for them.", { $0.pendingLooks }),
    ]

    private func text() async throws -> String {
        let figures = await node.figures().sorted { $0.key < $1.key }
        var text = ""
        for gauge in Self.gauges {
            text += "# HELP \(gauge.name) \(gauge.help)\n# TYPE \(gauge.name) gauge\n"
            for (shard, figures) in figures { text += "\(gauge.name){shard=\"\(shard)\"} \(gauge.value(figures))\n" }
        }
        text += Self.text(await node.gatewayFigures())
        text += Self.text(broadcast.figures)
        let name = "apus_listeners_without_key"
        text += "# HELP \(name) Waits and cancellations that each event of the name is compared with.\n"
        text += "# TYPE \(name) gauge\n"
        for (event, count) in try await node.read({ reader throws(StoreError) in try reader.listenersWithoutKey() }) {
            text += "\(name){event=\"\(Self.escaped(event))\"} \(count)\n"
        }
        return text
    }

    /// Of hosts only the busiest are told apart.
    private static func text(_ figures: GatewayFigures) -> String {
        var text = ""
        func gauge(_ name: String, _ help: String, _ values: [(labels: String, value: Int)]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
            for (labels, value) in values { text += "\(name)\(labels) \(value)\n" }
        }
        gauge("apus_gateway_requests", "Requests for steps under way.", [("", figures.underWay)])
        gauge("apus_gateway_waiting", "Requests for steps that wait for their host.", [("", figures.waiting)])
        gauge("apus_gateway_bytes", "Bytes of these requests.", [("", figures.bytes)])
        gauge(
            "apus_gateway_host_requests", "Requests under way and waiting, of the busiest hosts.",
            figures.hosts.flatMap { host in
                let name = escaped(host.name)
                return [
                    ("{host=\"\(name)\",state=\"under_way\"}", host.underWay),
                    ("{host=\"\(name)\",state=\"waiting\"}", host.waiting),
                ]
            }
        )
        return text
    }

    private static func text(_ figures: Broadcast.Figures) -> String {
        let all = [
            ("apus_realtime_subscribers", "gauge", "Connections that listen to topics.", figures.subscriptions),
            ("apus_realtime_topics", "gauge", "Topics that somebody listens to.", figures.topics),
            ("apus_realtime_messages_total", "counter", "Messages that were published.", figures.messages),
            (
                "apus_realtime_dropped_total", "counter", "Messages that waited for subscribers that were cut off.",
                figures.dropped
            ),
        ]
        return all.map { name, type, help, value in
            "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(value)\n"
        }.joined()
    }

    private static func escaped(_ label: String) -> String {
        label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
