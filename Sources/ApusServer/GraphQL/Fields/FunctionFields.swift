import ApusCore
import ApusEngine
import ApusStore

/// `Function`: as it is registered, or what a run remembers of it.
struct FunctionFields: GraphQLObject {
    let type = "Function"
    private let id: UUID16
    private let slug: String
    private let record: FunctionRecord?
    private let registry: Registry

    init(_ function: FunctionRecord, in registry: Registry) {
        id = function.id
        slug = function.configuration.slug
        record = function
        self.registry = registry
    }

    init(_ run: StoredRun, in registry: Registry) {
        id = run.function
        slug = run.functionSlug
        record = registry.functions[run.function]
        self.registry = registry
    }

    func value(of field: GraphQLPlan.Field) -> GraphQLValue {
        switch field.name {
        case "id": .id(id)
        case "slug": .string(slug)
        case "name": .string(record?.configuration.name ?? slug)
        case "url": .string(record?.configuration.stepURL)
        case "appID": .id(record?.app)
        case "app": Self.app(record?.app, in: registry)
        case "isArchived": .bool(record?.isArchived ?? true)
        case "isPaused": .bool(record?.pausedAt != nil)
        case "triggers": .list((record?.configuration.triggers ?? []).map(Self.trigger))
        default: .null
        }
    }

    private static func trigger(_ trigger: FunctionConfiguration.Trigger) -> GraphQLValue {
        .object(
            GraphQLRecord(
                "FunctionTrigger",
                [
                    "type": .string(trigger.kind.rawValue), "value": .string(trigger.value),
                    "condition": .string(trigger.condition),
                ]
            )
        )
    }

    static func app(_ id: UUID16?, in registry: Registry) -> GraphQLValue {
        guard let app = id.flatMap({ registry.apps[$0] }) else { return .null }
        return .object(
            GraphQLRecord(
                "App",
                [
                    "id": .id(app.id), "externalID": .string(app.name), "name": .string(app.name),
                    "url": .string(app.url), "sdkLanguage": .string(app.sdkLanguage),
                    "sdkVersion": .string(app.sdkVersion),
                ]
            )
        )
    }
}

/// A trigger as the APIs show it.
extension FunctionConfiguration.Trigger {
    enum Kind: String {
        case event = "EVENT"
        case cron = "CRON"
    }

    var kind: Kind {
        switch self {
        case .event: .event
        case .cron: .cron
        }
    }

    /// The event's name, or the cron expression.
    var value: String {
        switch self {
        case .event(let name, _): name
        case .cron(let schedule, _): schedule
        }
    }

    var condition: String? {
        switch self {
        case .event(_, .every), .cron: nil
        case .event(_, .expression(let text)): text
        case .event(_, .functionID(let slug)): "event.data.function_id == '\(slug)'"
        }
    }
}
