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

    func adopt(_ registry: Registry) {
        self.registry = registry
        stepURLs = [:]
    }

    private func change(app: AppRecord) {
        registry.update(app: app)
        decision.writes.append(.app(app))
        registryChanged()
    }

    private func registryChanged() {
        stepURLs = [:]
        decision.effects.append(.registryChanged(registry))
    }
}
