import ApusCore
import ApusEngine

/// Apps and functions as the v2 API shows them.
enum V2AppJSON {
    /// Whether the app has given up all of its functions.
    static func isArchived(_ app: AppRecord, _ registry: Registry) -> Bool {
        let functions = registry.functions(of: app.id)
        return !functions.isEmpty && functions.allSatisfy(\.isArchived)
    }

    static func write(_ app: AppRecord, _ registry: Registry, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", app.name)
            writer.member("name", app.name)
            writer.member("method", "SERVE")
            writer.member("createdAt", app.syncedAt)
            writer.present("functionCount", registry.functions(of: app.id).count { !$0.isArchived })
            writer.present("appVersion", app.appVersion)
            writer.present("isArchived", isArchived(app, registry))
            writer.key("latestSync")
            writer.object { writer in
                writer.present("sdkLanguage", app.sdkLanguage)
                writer.present("sdkVersion", app.sdkVersion)
                writer.present("framework", app.framework)
                writer.present("url", app.url)
                writer.present("error", app.error)
                writer.present("appVersion", app.appVersion)
            }
        }
    }

    static func write(_ function: FunctionRecord, of app: AppRecord?, to writer: inout JSONWriter) {
        let name = V2Names.short(function.configuration.slug, of: app)
        writer.object { writer in
            writer.member("id", name)
            writer.member("slug", name)
            writer.member("name", function.configuration.name)
            writer.key("app")
            writer.object { $0.present("id", app?.name) }
            writer.present("isPaused", function.pausedAt != nil)
            writer.present("isArchived", function.isArchived)
            writer.present("triggers", function.configuration.triggers) { trigger, writer in
                writer.object { writer in
                    writer.member("type", trigger.kind.rawValue)
                    writer.member("value", trigger.value)
                    writer.present("if", trigger.condition)
                }
            }
            writer.key("configuration")
            writer.object { configuration(of: function, to: &$0) }
        }
    }

    private static func configuration(of function: FunctionRecord, to writer: inout JSONWriter) {
        let flow = function.flowControl
        writer.key("retries")
        writer.object { writer in
            writer.present("value", function.configuration.retries ?? 4)
            writer.present("isDefault", function.configuration.retries == nil)
        }
        writer.present("cancellations", function.configuration.cancellations) { cancellation, writer in
            writer.object { writer in
                writer.member("event", cancellation.event)
                switch cancellation.period {
                case .lasting(let time): writer.member("timeout", time.description)
                case .until(let time): writer.member("timeout", time.rfc3339)
                }
                writer.present("condition", cancellation.condition)
            }
        }
        writer.present("priority", flow.priority)
        if let batch = flow.batch {
            writer.key("eventsBatch")
            writer.object { writer in
                writer.member("maxSize", batch.size)
                writer.member("timeout", batch.timeout.description)
                writer.present("key", batch.key)
            }
        }
        writer.present("concurrency", flow.concurrency) { limit, writer in
            writer.object { writer in
                writer.member("scope", "\(limit.scope)".uppercased())
                writer.key("limit")
                writer.object { $0.member("value", limit.limit) }
                writer.present("key", limit.key)
            }
        }
        if let limit = flow.rateLimit {
            writer.key("rateLimit")
            writer.object { writer in
                writer.member("limit", limit.limit)
                writer.member("period", limit.period.description)
                writer.present("key", limit.key)
            }
        }
        if let debounce = flow.debounce {
            writer.key("debounce")
            writer.object { writer in
                writer.member("period", debounce.period.description)
                writer.present("key", debounce.key)
            }
        }
        if let throttle = flow.throttle {
            writer.key("throttle")
            writer.object { writer in
                writer.present("burst", throttle.burst)
                writer.member("limit", throttle.limit)
                writer.member("period", throttle.period.description)
                writer.present("key", throttle.key)
            }
        }
        if let singleton = flow.singleton {
            writer.key("singleton")
            writer.object { writer in
                writer.member("mode", singleton.mode.rawValue.uppercased())
                writer.present("key", singleton.key)
            }
        }
    }
}
