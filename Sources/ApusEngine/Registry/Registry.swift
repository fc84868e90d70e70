import ApusCEL
import ApusCore

/// An app as it was last synced.
package struct AppRecord: Hashable, Sendable {
    package var id: UUID16
    package var name: String
    package var url: String
    package var sdkLanguage: String
    package var sdkVersion: String
    package var framework: String
    package var appVersion: String
    /// Of the last registration that succeeded; an identical one changes nothing.
    package var checksum: String
    /// Why the last sync or registration failed; `nil` while all is well.
    package var error: String?
    package var syncedAt: Timestamp

    /// Whether the app has registered. One that has not is only known because runs began at its endpoints.
    package var isRegistered: Bool { !checksum.isEmpty }

    package init(
        id: UUID16, name: String, url: String, sdkLanguage: String = "", sdkVersion: String = "",
        framework: String = "", appVersion: String = "", checksum: String, error: String? = nil,
        syncedAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.url = url
        self.sdkLanguage = sdkLanguage
        self.sdkVersion = sdkVersion
        self.framework = framework
        self.appVersion = appVersion
        self.checksum = checksum
        self.error = error
        self.syncedAt = syncedAt
    }
}

/// A function as it was last synced. Functions that an app no longer registers are kept, because
/// runs that began before still call them.
package struct FunctionRecord: Hashable, Sendable {
    package var id: UUID16
    package var app: UUID16
    /// 1 when created, one more with each sync that changes its app.
    package var version: Int
    package var isArchived: Bool
    /// Since when the function starts no run and none of its runs is called; `nil` while it works.
    package var pausedAt: Timestamp?
    /// Limits that people have set in place of the registered ones.
    package var override: LimitOverride?
    package var configuration: FunctionConfiguration

    package init(
        id: UUID16, app: UUID16, version: Int, isArchived: Bool, pausedAt: Timestamp? = nil,
        override: LimitOverride? = nil, configuration: FunctionConfiguration
    ) {
        self.id = id
        self.app = app
        self.version = version
        self.isArchived = isArchived
        self.pausedAt = pausedAt
        self.override = override
        self.configuration = configuration
    }
}

/// All apps and functions, with the index that finds the functions an event starts.
package struct Registry: Hashable, Sendable {
    package private(set) var apps: [UUID16: AppRecord] = [:]
    package private(set) var functions: [UUID16: FunctionRecord] = [:]
    private var bySlug: [String: UUID16] = [:]
    private var byTrigger: [String: [UUID16]] = [:]
    /// Compiled filters by their text; one that does not compile, which an earlier release accepted,
    /// matches nothing.
    private var filters: [String: Expression] = [:]
    /// The same for the conditions of events that cancel.
    private var cancellations: [String: Expression] = [:]

    package init(apps: [AppRecord] = [], functions: [FunctionRecord] = []) {
        for app in apps { self.apps[app.id] = app }
        for function in functions { self.functions[function.id] = function }
        reindex()
    }

    package func app(named name: String) -> AppRecord? {
        let found = apps.values.filter { $0.name == name }
        return found.first(where: \.isRegistered) ?? found.first
    }

    package func app(at url: String) -> AppRecord? {
        apps.values.first { $0.url == url && $0.isRegistered }
    }

    package func functions(of app: UUID16) -> [FunctionRecord] {
        functions.values.filter { $0.app == app }.sorted { $0.configuration.slug < $1.configuration.slug }
    }

    /// Whether runs of the function begin inside the app, at an HTTP endpoint.
    package func isEndpoint(_ function: FunctionRecord) -> Bool {
        apps[function.app].map { !$0.isRegistered } ?? false
    }

    /// Endpoints that are known.
    package var endpointCount: Int { functions.values.count { !$0.isArchived && isEndpoint($0) } }

    package var activeFunctions: [FunctionRecord] {
        functions.values.filter { !$0.isArchived }
            .sorted { ($0.configuration.slug, $0.id) < ($1.configuration.slug, $1.id) }
    }

    /// The active function that `step.invoke` means: by its id, else by its slug.
    package func function(named reference: String) -> FunctionRecord? {
        if let id = UUID16(reference), let function = functions[id], !function.isArchived { return function }
        return bySlug[reference].flatMap { functions[$0] }
    }

    /// The active functions that an event starts, each once, in a fixed order.
    /// - Parameter stored: the event's stored body.
    package func functions(startedBy event: IncomingEvent, stored: RawJSON, now: Timestamp) -> [FunctionRecord] {
        var found: [FunctionRecord] = []
        // Made when the first filter asks for them.
        var values: EventValues?
        for pattern in TriggerPattern.patterns(matching: event.name) {
            for id in byTrigger[pattern] ?? [] where !found.contains(where: { $0.id == id }) {
                guard let function = functions[id] else { continue }
                let matches = function.configuration.triggers.contains { trigger in
                    guard case .event(pattern, let filter) = trigger else { return false }
                    switch filter {
                    case .every: return true
                    case .functionID(let slug): return event.data.view["function_id"]?.string == slug
                    case .expression(let text):
                        let scope = values ?? EventValues(stored: stored)
                        values = scope
                        return filters[text]?.holds(in: Scope(event: scope), now: now) == .matched
                    }
                }
                if matches { found.append(function) }
            }
        }
        return found
    }

    /// Whether any active function listens to events of this name, whatever they hold.
    package func hasTrigger(for name: String) -> Bool {
        TriggerPattern.patterns(matching: name).contains { byTrigger[$0] != nil }
    }

    /// The compiled condition of an event that cancels an active function's runs; `nil` when it does not
    /// compile, which an earlier release accepted.
    func condition(ofCancellation text: String) -> Expression? {
        cancellations[text]
    }

    package mutating func update(app: AppRecord) {
        apps[app.id] = app
    }

    package mutating func update(function: FunctionRecord) {
        functions[function.id] = function
        reindex()
    }

    /// Replaces an app and its functions; those that are not listed any more are archived.
    /// - Returns: the functions that changed.
    package mutating func install(_ registration: Registration, at now: Timestamp) -> Installation {
        let appID = UUID16.v5(namespace: .oid, name: registration.appName)
        let app = AppRecord(
            id: appID, name: registration.appName, url: registration.url,
            sdkLanguage: registration.sdkLanguage, sdkVersion: registration.sdkVersion,
            framework: registration.framework, appVersion: registration.appVersion,
            checksum: registration.checksum,
            error: registration.functions.isEmpty && functions(of: appID).allSatisfy(\.isArchived)
                ? "No functions registered within your app" : nil,
            syncedAt: now
        )
        var changed: [FunctionRecord] = []
        let known = functions(of: appID)
        for configuration in registration.functions {
            let previous = known.first { $0.configuration.slug == configuration.slug }
            changed.append(
                FunctionRecord(
                    id: previous?.id
                        ?? .v5(namespace: .oid, name: appID.description + configuration.slug),
                    app: appID,
                    version: (previous?.version ?? 0) + 1,
                    isArchived: false,
                    pausedAt: previous?.pausedAt,
                    override: previous?.override,
                    configuration: configuration
                )
            )
        }
        for var function in known where !function.isArchived {
            guard !changed.contains(where: { $0.id == function.id }) else { continue }
            function.isArchived = true
            changed.append(function)
        }
        apps[appID] = app
        for function in changed { functions[function.id] = function }
        reindex()
        return Installation(app: app, functions: changed)
    }

    /// Adds an endpoint, and its app if it is the first one there.
    package mutating func install(_ endpoint: Endpoint, at now: Timestamp) -> Installation {
        let app =
            apps[endpoint.app]
            ?? AppRecord(
                id: endpoint.app, name: endpoint.domain, url: endpoint.domain, sdkLanguage: endpoint.language,
                framework: "durable endpoints", checksum: "", syncedAt: now
            )
        let known = functions[endpoint.function]
        let function = FunctionRecord(
            id: endpoint.function, app: app.id, version: (known?.version ?? 0) + 1, isArchived: false,
            pausedAt: known?.pausedAt, override: known?.override, configuration: endpoint.configuration
        )
        apps[app.id] = app
        functions[function.id] = function
        reindex()
        return Installation(app: app, functions: [function])
    }

    package struct Installation: Hashable, Sendable {
        package var app: AppRecord
        package var functions: [FunctionRecord]
    }

    private mutating func reindex() {
        bySlug = [:]
        byTrigger = [:]
        let known = (filters: filters, cancellations: cancellations)
        filters = [:]
        cancellations = [:]
        for function in activeFunctions {
            for text in function.configuration.cancellations.compactMap(\.condition) {
                cancellations[text] = known.cancellations[text] ?? (try? Expression(text, role: .wait))
            }
            // Endpoints of several apps may have one name; a registered function has its slug for itself.
            let slug = function.configuration.slug
            if bySlug[slug] == nil || !isEndpoint(function) { bySlug[slug] = function.id }
            for case .event(let name, let filter) in function.configuration.triggers {
                if case .expression(let text) = filter {
                    filters[text] = known.filters[text] ?? (try? Expression(text, role: .condition))
                }
                if byTrigger[name]?.last != function.id { byTrigger[name, default: []].append(function.id) }
            }
        }
    }
}

extension Endpoint {
    /// The function as an app would have registered it: nothing starts it but requests to the app.
    fileprivate var configuration: FunctionConfiguration {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("id", slug)
            writer.member("name", slug)
            writer.key("steps")
            writer.object { writer in
                writer.key("step")
                writer.object { writer in
                    writer.member("id", "step")
                    writer.member("name", "step")
                    writer.key("runtime")
                    writer.object { writer in
                        writer.member("type", "http")
                        writer.member("url", address)
                    }
                }
            }
            writer.key("triggers")
            writer.raw(RawJSON.emptyArray)
        }
        let source = writer.finish()
        // Read back as the store will read it.
        return FunctionConfiguration.decode(stored: source)
            ?? FunctionConfiguration(slug: slug, name: slug, triggers: [], stepURL: address, source: source)
    }

    /// Without the query, which differs from request to request.
    private var address: String { String(url.prefix { $0 != "?" }) }
}
