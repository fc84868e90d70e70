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
    func pause(_ id: UUID16, _ isPaused: Bool) {
        guard var function = registry.functions[id], (function.pausedAt != nil) != isPaused else { return }
        function.pausedAt = isPaused ? now : nil
        registry.update(function: function)
        decision.writes.append(.function(function))
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

    private func registryChanged() {
        stepURLs = [:]
        adoptRules()
        adoptSchedules()
        decision.effects.append(.registryChanged(registry))
    }
}
