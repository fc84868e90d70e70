import ApusCore

/// Runs that begin inside an app, in the handling of an HTTP request, and that live there until they have to wait.
///
/// While the app does the work, the run's first job lies in the future: it is due when the app has not been heard
/// of for too long. Then, or when the app gives the run away, it is called by entering the endpoint again.
extension ShardCore {
    // MARK: - Endpoints

    /// Makes the app and the function of an endpoint, if they are not known.
    func register(_ endpoint: Endpoint) {
        decision.answer = .endpoint(.known)
        if let known = registry.functions[endpoint.function], !known.isArchived { return }
        guard registry.endpointCount < configuration.limits.endpoints else {
            decision.answer = .endpoint(.tooManyEndpoints)
            return
        }
        let installation = registry.install(endpoint, at: now)
        decision.writes.append(.app(installation.app))
        for function in installation.functions { decision.writes.append(.function(function)) }
        registryChanged()
    }

    /// The request with which a run began; a run whose event is about none fails.
    func request(of resident: Resident) -> EndpointRequest? {
        let event = resident.triggerBody.view
        do throws(EndpointProblem) {
            return try EndpointRequest(eventName: event["name"]?.string ?? "", data: event["data"] ?? JSONView(.null))
        } catch {
            fail(
                resident,
                .noticed(
                    message: "The run's event does not describe an HTTP request, so its endpoint cannot be called.",
                    stack: error.description, isFinal: true
                )
            )
            return nil
        }
    }

    // MARK: - Starts

    /// Stores a run that an app has begun, with what the app has done already.
    func begin(_ begun: EndpointRun) {
        guard let function = registry.functions[begun.function], !function.isArchived else {
            decision.answer = .endpoint(.unknownEndpoint)
            return
        }
        let event = draw(&rows.event)
        let id = random.nextULID(now: now)
        let body = begun.event.storedBody(internalID: id, receivedAt: now)
        // Nobody is offered the event: it is the run's own.
        decision.writes.append(
            .event(EventRow(row: event, id: id, key: nil, name: begun.event.name, receivedAt: now, body: body))
        )
        let row = start(
            function, for: [OfferedEvent(row: event, body: body, startsAt: now)], id: begun.id,
            at: now + configuration.endpointPatience, flow: nil, invokers: [], hosting: begun.terms
        )
        guard let resident = residents[row] else { return }
        let report = EndpointReport(run: begun.id, row: row, ops: begun.ops)
        decision.answer = .endpoint(take(report, for: resident))
    }

    // MARK: - Reports

    func receive(_ report: EndpointReport) {
        guard let resident = residents[report.row] else {
            load(report.row, for: .report(report))
            decision.postponedUntilLoaded = report.row
            return
        }
        decision.answer = .endpoint(take(report, for: resident))
    }

    func take(_ report: EndpointReport, for resident: Resident) -> EndpointAnswer {
        guard resident.run.id == report.run, resident.run.endpoint != nil else { return .unknownRun }
        guard !resident.run.isFinished else { return report.answerAfterEnd }
        if let step = overflow(of: report, in: resident.run, limit: mostStateBytes(of: resident)) {
            return .tooLarge(step)
        }
        guard let number = resident.run.hosted, let job = resident.run.job(number) else {
            return takeLate(report, for: resident)
        }
        guard report.isProgress else {
            // The app has nothing more to do for the run in this request.
            receive(report.list(version: resident.run.version), of: nil, for: job, of: resident)
            return .stored
        }
        take(report.riders, attempt: job.attempt, of: resident)
        settle(report.results, of: resident)
        guard resident.run.stack.count <= mostSteps(of: resident) else {
            fail(resident, .overflowedSteps(limit: mostSteps(of: resident)))
            return .stale
        }
        record(.hosted(job: number, until: now + configuration.endpointPatience), resident)
        return .stored
    }

    /// The run is not in the app's hands any more: the app has given it away, or was not heard of for too long.
    ///
    /// Its end still counts, because whoever sent the request gets that answer. A repeat of what is known changes
    /// nothing. Anything else is refused, so that the app stops doing what the run does by now elsewhere.
    private func takeLate(_ report: EndpointReport, for resident: Resident) -> EndpointAnswer {
        if let op = report.end {
            take(report.riders, attempt: 0, of: resident)
            settle(report.results, of: resident)
            endRun(resident, with: op.kind == .syncRunComplete ? op.result : op.data)
            return .stored
        }
        let run = resident.run
        let isKnown = report.ops.allSatisfy { op in
            !op.kind.isStep || run.isFinished(op.id) || run.labels[op.id] != nil
        }
        return isKnown ? .stored : .stale
    }

    private func settle(_ results: [Checkpoint.Result], of resident: Resident) {
        for result in results where !resident.run.isFinished(result.step) {
            settle(resident, result.step, .completed, memo: result.memo, label: result.label)
        }
    }

    /// The first step with which the run's results would take too much room.
    private func overflow(of report: EndpointReport, in run: Run, limit: Int) -> StepID? {
        var bytes = run.memos.byteCount
        for result in report.results where !run.isFinished(result.step) {
            bytes += result.memo.bytes.count
            if bytes > limit { return result.step }
        }
        return nil
    }

    // MARK: - Ends

    /// The function has returned. An endpoint that answered with a server's error has failed.
    func endRun(_ resident: Resident, with result: RawJSON?) {
        var end = RunEnd(status: .completed, output: result.map(payload))
        if resident.run.endpoint != nil, let view = result?.view,
            let status = HTTPResult.status(of: view) ?? view["data"].flatMap(HTTPResult.status), status >= 500
        {
            end.status = .failed
            end.cause = "invalid status code: \(status)"
        }
        finish(resident, end)
    }
}

/// An HTTP endpoint in whose handling runs begin: a function that is not registered but met.
package struct Endpoint: Hashable, Sendable {
    /// Scheme, host and port: the app's name.
    package var domain: String
    package var slug: String
    /// For people.
    package var url: String
    /// `go`, `js`; empty when unknown.
    package var language: String

    package init(domain: String, slug: String, url: String, language: String = "") {
        self.domain = domain
        self.slug = slug
        self.url = url
        self.language = language
    }

    /// The ids follow from the names, so that they are known before anything is stored.
    package var app: UUID16 { .v5(namespace: .oid, name: "endpoints of \(domain)") }
    package var function: UUID16 { .v5(namespace: .oid, name: app.description + slug) }
}

/// A run that an app has begun.
package struct EndpointRun: Hashable, Sendable {
    package var id: ULID
    package var function: UUID16
    package var event: IncomingEvent
    package var terms: EndpointTerms
    package var ops: [Op]

    package init(id: ULID, function: UUID16, event: IncomingEvent, terms: EndpointTerms, ops: [Op]) {
        self.id = id
        self.function = function
        self.event = event
        self.terms = terms
        self.ops = ops
    }
}

/// What an app has done for a run in a request of its own.
package struct EndpointReport: Hashable, Sendable {
    package var run: ULID
    package var row: RowID
    package var ops: [Op]

    package init(run: ULID, row: RowID, ops: [Op]) {
        self.run = run
        self.row = row
        self.ops = ops
    }

    /// The app goes on by itself.
    var isProgress: Bool {
        ops.allSatisfy { op in
            switch op.kind {
            case .stepRun, .step, .none, .deferAdd, .deferAbort: true
            default: false
            }
        }
    }

    var riders: [Rider] { ops.flatMap(Rider.all) }

    var results: [Checkpoint.Result] { ops.compactMap(Checkpoint.Result.init) }

    /// The op that ends the run.
    var end: Op? { ops.first { $0.kind == .runComplete || $0.kind == .syncRunComplete } }

    /// The app's answer to a call could not say more. SDKs that do not name their execution model here join
    /// parallel steps.
    ///
    /// A request that the server is to make is asked for again in the answer to a call, because it counts as a part
    /// of one: the run is called at once.
    func list(version: Int) -> AppReply.OpList {
        let ops = ops.map { op in
            op.kind == .aiGateway || op.kind == .gateway ? Op(kind: .discoveryRequest, id: op.id) : op
        }
        return AppReply.OpList(ops: ops, version: version == -1 ? 2 : version)
    }

    /// Only the end, which may be told twice, is nothing new to a run that has ended.
    var answerAfterEnd: EndpointAnswer { end == nil ? .stale : .stored }

    func answer(ofEndedRun loaded: LoadedRun?) -> EndpointAnswer {
        guard let loaded, case .started(let start)? = loaded.turns.first?.entries.first, start.id == run else {
            return .unknownRun
        }
        return answerAfterEnd
    }
}

/// What became of what an app said of a run that lives inside it.
package enum EndpointAnswer: Hashable, Sendable {
    case stored
    /// The endpoint is known, and a run may begin.
    case known
    /// The run has ended or goes on elsewhere: the app is to do nothing more for it.
    case stale
    case unknownRun
    case unknownEndpoint
    case tooManyEndpoints
    /// With this step the run's results would take too much room.
    case tooLarge(StepID)
}

extension Op {
    /// What `SyncRunComplete` wraps once more.
    var result: RawJSON? {
        guard let data, let inner = data.view["data"], data.view["status"] == nil else { return data }
        return inner.raw
    }
}
