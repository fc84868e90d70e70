import ApusEngine

/// What happened in worlds, counted, so that a test can tell when the simulation no longer meets what
/// it is meant to meet.
struct Coverage {
    private(set) var counts: [Deed: Int] = [:]

    enum Deed: String, CaseIterable {
        case runCompleted, runFailed, stepCompleted, stepFailed, stepTimedOut, sleepStarted, invoked, parallelGroup
        case attemptFailed, planModeOn, largePayload
        case crash, shardCrash, leaseLost, usurped, storeOutage, clockStep, registered
        case batchLost, batchUnanswered, batchStale, batchPoisoned, inputSetAside, readFailed
        case runLoadedCold, wakePageFull, eventRefused, eventRepeated
        case callUnreachable, callHung, replyLost, replyGarbage, strayReply, callRepeated, probe
        case messageSent, messageLost, messageTwice
        case waitMatched, waitTimedOut, waitLookedBack, signalReceived, signalConflict, signalReplaced, lookInterrupted
        case callLimitReached, sharedLimitReached, runLimitReached, throttled, waitedForLimit, parkedRunLoaded
        case eventRateLimited, eventIdempotent, eventDebounced, debounceTimedOut, batchFull, batchTimedOut, batchPassed
        case singletonSkipped, singletonCancelled, priorityDelayed, overtaken, paused, eventPaused, slotsRestored,
            pendingRestored
        case tickStarted, tickMissed, tickMadeUp, tickSkipped, tickBuffered, tickReleased, tickCancelled, tickSilent,
            tickBackfilled, scheduleReplaced, scheduleResumed, clockSteppedOverTick
        case invocationDropped, invocationMerged
        case stepReported, reportRepeated, reportStale, reportLost, reportUnanswered, reportLate, reportRefused,
            reportGivenUp,
            reportedStepRepeated, troubleAfterReport, calledWithResults
        case runCancelledByEvent, runCancelledOnRequest, startTimeout, finishTimeout, filteredTrigger
    }

    mutating func count(_ deed: Deed) {
        counts[deed, default: 0] += 1
    }

    mutating func add(_ other: Coverage) {
        counts.merge(other.counts, uniquingKeysWith: +)
    }

    /// What never happened.
    var missing: [Deed] {
        Deed.allCases.filter { counts[$0] == nil }
    }

    mutating func count(_ entry: JournalEntry) {
        switch entry {
        case .stepFinished(let result):
            switch result.outcome {
            case .completed: count(.stepCompleted)
            case .failed: count(.stepFailed)
            case .timedOut: count(.stepTimedOut)
            }
            if result.memo.row != nil { count(.largePayload) }
        case .scheduled(let job):
            if case .sleep = job.kind { count(.sleepStarted) }
        case .called(_, let generation) where generation > 1: count(.callRepeated)
        case .invoked: count(.invoked)
        case .parallel: count(.parallelGroup)
        case .attemptFailed: count(.attemptFailed)
        case .planMode: count(.planModeOn)
        case .finished(let end):
            switch end.status {
            case .completed: count(.runCompleted)
            case .failed: count(end.cause.hasPrefix("Signal conflict") ? .signalConflict : .runFailed)
            // Counted by what the cause was.
            case .cancelled, .running: break
            }
        case .displaced: count(.signalReplaced)
        case .waited(let obstacle, _):
            switch obstacle.rule {
            case .throttle: count(.throttled)
            case .concurrency, .runConcurrency: count(.waitedForLimit)
            default: break
            }
        case .started, .called, .answered, .stepNamed, .listening, .expires, .keyed, .invokedBy, .origin, .woken,
            .checkpointed, .deferred, .deferAborted, .annotated, .stepDescribed, .leftOut, .gateway, .endpoint,
            .hosted:
            break
        }
    }
}

extension Coverage: CustomStringConvertible {
    var description: String {
        Deed.allCases.map { "\($0) \(counts[$0] ?? 0)" }.joined(separator: ", ")
    }
}
