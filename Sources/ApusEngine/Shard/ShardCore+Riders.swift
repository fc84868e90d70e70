import ApusCore

/// What rides along with ops: deferred calls and metadata.
extension ShardCore {
    /// - Parameter attempt: of the call that the riders come with.
    func take(_ riders: [Rider], attempt: UInt16, of resident: Resident) {
        for rider in riders {
            switch rider {
            case .add(let deferral): add(deferral, to: resident)
            case .abort(let key):
                guard resident.run.deferrals.live.contains(where: { $0.key == key }) else { break }
                record(.deferAborted(key), resident)
            case .annotate(let step, let scope, let update):
                // A repeat of what has been reported before is no second update.
                guard !resident.run.isFinished(step) else { break }
                let target: Annotation.Target =
                    switch scope {
                    case .run: .run
                    case .step: .step(step)
                    case .attempt: .attempt(step, Int(attempt))
                    }
                annotate(resident, step, Annotation(target: target, update: update))
            case .describe(var description):
                guard !resident.run.isFinished(description.step), !resident.run.isDescribed(description.step)
                else { break }
                description.input = description.input.map { payload($0.json) }
                record(.stepDescribed(description), resident)
            case .leaveOut(let key, let reason): record(.leftOut(key, reason: reason), resident)
            }
        }
    }

    private func add(_ deferral: Deferral, to resident: Resident) {
        let known = resident.run.deferrals
        guard !known.contains(deferral.key) else { return }
        if known.count >= Deferral.countLimit {
            record(.leftOut(deferral.key, reason: "a run defers at most \(Deferral.countLimit) calls"), resident)
        } else if known.byteCount + deferral.input.json.bytes.count > Deferral.totalLimit {
            let reason = "the inputs of all deferred calls have more than \(Deferral.totalLimit) bytes"
            record(.leftOut(deferral.key, reason: reason), resident)
        } else {
            var deferral = deferral
            deferral.input = payload(deferral.input.json)
            record(.deferred(deferral), resident)
        }
    }

    private func annotate(_ resident: Resident, _ step: StepID, _ annotation: Annotation) {
        guard resident.run.metadataBytes + annotation.byteCount <= Annotation.limit else {
            let reason = "the metadata of the run has more than \(Annotation.limit) bytes"
            record(.leftOut(step, reason: reason), resident)
            return
        }
        record(.annotated(annotation), resident)
    }

    /// The run has ended: what it deferred starts.
    func startDeferrals(of resident: Resident) {
        let run = resident.run
        for deferral in run.deferrals.live {
            let function = registry.functions[run.start.function]
            let parent = DeferredEvent.Parent(
                app: function?.app, function: run.start.function, functionSlug: run.start.functionSlug, run: run.id
            )
            let data = DeferredEvent.data(
                deferral.input.json, function: deferral.function, step: deferral.key, of: parent
            )
            let id = DeferredEvent.id(run: run.id, step: deferral.key)
            // Kept, so that a deferred call which no function takes can be seen.
            publish(name: DeferredEvent.name, data: data, senderID: id, meta: deferral.meta, isKept: true)
        }
    }

    // MARK: - Metadata by request

    /// Takes metadata for a run, also for one that has ended.
    func annotate(_ row: RowID, _ run: ULID, _ annotations: [Annotation]) {
        guard let resident = residents[row] else {
            load(row, for: .annotate(run, annotations))
            decision.postponedUntilLoaded = row
            return
        }
        decision.answer = .annotated(annotate(resident, run, annotations))
    }

    func annotate(_ resident: Resident, _ run: ULID, _ annotations: [Annotation]) -> AnnotationAnswer {
        guard resident.run.id == run else { return .unknownRun }
        guard Self.fits(annotations, in: resident.run) else { return .tooLarge }
        for annotation in annotations { record(.annotated(annotation), resident) }
        return .stored
    }

    /// Takes metadata for a run that has ended: its journal grows, and nothing else of it changes.
    func annotate(_ ended: inout EndedRun?, _ run: ULID, _ annotations: [Annotation]) -> AnnotationAnswer {
        guard var found = ended, found.run.id == run else { return .unknownRun }
        guard Self.fits(annotations, in: found.run) else { return .tooLarge }
        guard !annotations.isEmpty else { return .stored }
        let turn = Turn(at: now, entries: annotations.map(JournalEntry.annotated))
        let row = draw(&rows.turn)
        decision.writes.append(.turn(row: row, run: found.run.row, previous: found.head, turn))
        decision.writes.append(.extended(run: found.run.row, head: row))
        found.run.apply(turn)
        found.head = row
        ended = found
        return .stored
    }

    private static func fits(_ annotations: [Annotation], in run: Run) -> Bool {
        annotations.reduce(run.metadataBytes) { $0 + $1.byteCount } <= Annotation.limit
    }
}

/// A run that has ended, read for what is said of it afterwards.
struct EndedRun {
    var run: Run
    var head: RowID

    /// `nil` for a run that lives, or that cannot be read.
    init?(_ row: RowID, _ loaded: LoadedRun?) {
        guard let loaded, loaded.projection.status.isFinal, let run = Run(row: row, loaded) else { return nil }
        self.run = run
        head = loaded.projection.head
    }
}

/// What became of metadata.
package enum AnnotationAnswer: Hashable, Sendable {
    case stored
    case unknownRun
    /// The run has as much as it may have.
    case tooLarge
}
