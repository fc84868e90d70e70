import ApusCore

/// Apps and functions. One shard owns the registry; the others adopt what it made durable.
extension ShardCore {
    func register(_ registration: Registration) {
        let known = registry.app(named: registration.appName)
        if var known, known.checksum == registration.checksum, known.error == nil || registration.functions.isEmpty {
            if known.error != nil {
                known.syncedAt = now
                change(app: known)
            }
            decision.answer = .registered(isModified: known.error != nil, app: known.id)
            return
        }
        let installation = registry.install(registration, at: now)
        decision.writes.append(.app(installation.app))
        for function in installation.functions { decision.writes.append(.function(function)) }
        decision.answer = .registered(isModified: true, app: installation.app.id)
        registryChanged()
    }

    func recordSyncFailure(url: String, reason: String) {
        guard var app = registry.app(at: url), app.error != reason else { return }
        app.error = reason
        change(app: app)
    }

    /// Pausing a function that is paused, or an unknown one, changes nothing.
    func pause(_ id: UUID16, _ isPaused: Bool, by actor: String) {
        guard var function = registry.functions[id], (function.pausedAt != nil) != isPaused else { return }
        function.pausedAt = isPaused ? now : nil
        change(function, isPaused ? .paused : .resumed, by: actor)
    }

    /// Sets limits in place of the registered ones; those that are the same already change nothing.
    func limit(_ id: UUID16, _ limits: LimitOverride?, by actor: String) {
        let limits = limits.flatMap { $0.isEmpty ? nil : $0 }
        guard var function = registry.functions[id], function.override != limits else { return }
        function.override = limits
        let detail = limits.map { String(decoding: $0.json.bytes, as: UTF8.self) } ?? ""
        change(function, limits == nil ? .limitsRemoved : .limitsSet, by: actor, detail)
    }

    private func change(
        _ function: FunctionRecord, _ action: AuditEntry.Action, by actor: String, _ detail: String = ""
    ) {
        registry.update(function: function)
        decision.writes.append(.function(function))
        decision.writes.append(
            .audit(
                AuditEntry(
                    at: now, actor: actor, action: action, subject: function.configuration.slug, detail: detail
                )
            )
        )
        registryChanged()
    }

    func adopt(_ registry: Registry) {
        self.registry = registry
        stepURLs = [:]
        adoptRules()
    }

    private func adoptRules() {
        for function in registry.functions.values { queue.update(function, now: now) }
    }

    private func change(app: AppRecord) {
        registry.update(app: app)
        decision.writes.append(.app(app))
        registryChanged()
    }

    func registryChanged() {
        stepURLs = [:]
        adoptRules()
        adoptSchedules()
        decision.effects.append(.registryChanged(registry))
    }
}
