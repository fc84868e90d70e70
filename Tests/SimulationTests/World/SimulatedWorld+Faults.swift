import ApusCore
import ApusEngine
import ApusNode

/// Processes that start and die.
extension SimulatedWorld {
    func startProcess() {
        for shard in 0..<ShardID(scenario.shardCount) { startShard(shard) }
    }

    func startShard(_ id: ShardID) {
        guard hosts[Int(id)] == nil else { return }
        note("shard \(id) starts")
        let host = SimulatedHost(world: self, shard: id, memory: nextMemory)
        nextMemory += 1
        hosts[Int(id)] = host
        host.shard.start()
    }

    /// The process dies: memory, timers and connections are gone, the store stays.
    func crash(pause: Int64) {
        coverage.count(.crash)
        note("CRASH, away for \(pause) ms")
        for index in hosts.indices { dropShard(ShardID(index)) }
        after(pause) { [self] in startProcess() }
    }

    func dropShard(_ id: ShardID) {
        guard let host = hosts[Int(id)] else { return }
        host.die()
        hosts[Int(id)] = nil
    }

    /// A second node takes a shard, while the first goes on for a while as if it were still its own.
    private func usurp(_ id: ShardID, for length: Int64) {
        guard let first = hosts[Int(id)] else { return }
        coverage.count(.usurped)
        note("shard \(id) is usurped for \(length) ms")
        hosts[Int(id)] = nil
        zombies.append(first)
        startShard(id)
        after(length) { [self] in
            first.die()
            zombies.removeAll { $0 === first }
            // It had taken the shard back, and the other node has had no reason to notice.
            guard rules.steps.owner(of: id) == first.memory, hosts[Int(id)] != nil else { return }
            dropShard(id)
            startShard(id)
        }
    }

    func planFaults() {
        let faults = scenario.faults
        for crash in faults.crashes {
            after(crash.at) { [self] in self.crash(pause: crash.pause) }
        }
        for crash in faults.shardCrashes {
            after(crash.at) { [self] in
                coverage.count(.shardCrash)
                note("shard \(crash.shard) CRASHES, away for \(crash.pause) ms")
                dropShard(crash.shard)
                after(crash.pause) { [self] in startShard(crash.shard) }
            }
        }
        for loss in faults.lostLeases {
            after(loss.at) { [self] in
                coverage.count(.leaseLost)
                note("shard \(loss.shard) loses its lease")
                store.takeOver(loss.shard)
            }
        }
        for usurper in faults.usurpers {
            after(usurper.at) { [self] in usurp(usurper.shard, for: usurper.length) }
        }
        for (index, change) in faults.registrations.enumerated() {
            after(change.at) { [self] in
                guard !isOver else { return }
                coverage.count(.registered)
                register(scenario.registration(of: change.app, version: index + 2))
            }
        }
        for pause in faults.pauses {
            let function = scenario.functions[pause.function].id
            after(pause.at) { [self] in
                guard !isOver else { return }
                coverage.count(.paused)
                note("\(scenario.functions[pause.function].slug) is paused for \(pause.length) ms")
                self.pause(function, true) { [self] in
                    after(pause.length) { [self] in self.pause(function, false) }
                }
            }
            // What a process that is taken for dead does late may undo it.
            for delay in [60_000, 600_000] {
                after(faults.end + pause.length + Int64(delay)) { [self] in
                    if rules.ledger.functions[function]?.pausedAt != nil { self.pause(function, false) }
                }
            }
        }
        for outage in faults.storeOutages {
            after(outage.at) { [self] in
                coverage.count(.storeOutage)
                note("the store is down for \(outage.length) ms")
                store.isDown += 1
                after(outage.length) { [self] in store.isDown -= 1 }
            }
        }
        for outage in faults.appOutages {
            after(outage.at) { [self] in
                note("app \(outage.app) is unreachable for \(outage.length) ms")
                apps.outages[outage.app] += 1
                after(outage.length) { [self] in apps.outages[outage.app] -= 1 }
            }
        }
        for step in faults.clockSteps {
            after(step.at) { [self] in
                coverage.count(.clockStep)
                note("the clock steps by \(step.by) ms")
                clockOffset += step.by
            }
        }
    }
}
