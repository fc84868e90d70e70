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
        releaseHeldJobs()
    }

    func adopt(_ registry: Registry) {
        self.registry = registry
        stepURLs = [:]
        releaseHeldJobs()
    }

    /// Gives the jobs of functions that are not paused any more back to their apps' queues.
    private func releaseHeldJobs() {
        for id in held.keys.sorted() where registry.functions[id]?.pausedAt == nil {
            let app = registry.functions[id]?.app ?? id
            for job in held.removeValue(forKey: id) ?? [] where residents[job.run]?.queued.contains(job.job) == true {
                gates[app, default: AppGate()].enqueue(job)
            }
            stir(app)
        }
    }

    private func change(app: AppRecord) {
        registry.update(app: app)
        decision.writes.append(.app(app))
        registryChanged()
    }

    private func registryChanged() {
        stepURLs = [:]
        adoptSchedules()
        decision.effects.append(.registryChanged(registry))
    }
}
