import ApusCore

/// The stored form of a turn: a format number, the time, then each entry as a kind byte and its
/// fields. Rows of every released format stay readable for ever; golden files of each guard that.
package enum JournalCodec {
    /// Grows when the meaning of existing bytes changes; new kinds need no new number.
    package static let format: UInt8 = 1

    package static func encode(_ turn: Turn) -> [UInt8] {
        var writer = BinaryWriter()
        writer.byte(format)
        writer.signed(turn.at.milliseconds)
        for entry in turn.entries { writer.entry(entry, at: turn.at) }
        return writer.bytes
    }

    /// - Parameter payload: fetches a large value by its row; `nil` means that it is missing.
    package static func decode(
        _ bytes: [UInt8],
        payload: (RowID) -> RawJSON?
    ) throws(JournalDecodingError) -> Turn {
        var reader = BinaryReader(bytes)
        let found = try reader.byte()
        guard found == format else {
            throw JournalDecodingError(offset: 0, reason: "format \(found), this program reads \(format)")
        }
        let at = Timestamp(milliseconds: try reader.signed())
        var entries: [JournalEntry] = []
        while !reader.isAtEnd {
            entries.append(try reader.entry(at: at, payload: payload))
        }
        return Turn(at: at, entries: entries)
    }

    /// The payload rows that a stored turn refers to, so that they can be fetched or removed with it.
    package static func payloadRows(in bytes: [UInt8]) throws(JournalDecodingError) -> [RowID] {
        var rows: [RowID] = []
        _ = try decode(bytes) { row in
            rows.append(row)
            return .null
        }
        return rows
    }
}

private enum EntryKind: UInt8 {
    case started = 1
    case scheduled = 2
    case called = 3
    case answered = 4
    case attemptFailed = 5
    case stepFinished = 6
    case parallel = 7
    case planMode = 8
    case invoked = 9
    case stepNamed = 10
    case finished = 11
    case listening = 12
    case displaced = 13
    case expires = 14
    case keyed = 15
    case invokedBy = 16
    case waited = 17
    case origin = 18
    case woken = 19
    case checkpointed = 20
    case gateway = 21
    case deferred = 30
    case deferAborted = 31
    case annotated = 32
    case stepDescribed = 33
    case leftOut = 34
    case endpoint = 40
    case hosted = 41
}

extension BinaryWriter {
    fileprivate mutating func entry(_ entry: JournalEntry, at: Timestamp) {
        switch entry {
        case .started(let start):
            byte(EntryKind.started.rawValue)
            ulid(start.id)
            uuid(start.function)
            text(start.functionSlug)
            unsigned(UInt64(start.events.count))
            for row in start.events { signed(row) }
            flag(start.invoker != nil)
            if let invoker = start.invoker { self.invoker(invoker) }
        case .scheduled(let job):
            byte(EntryKind.scheduled.rawValue)
            self.job(job, at: at)
        case .called(let job, let generation):
            byte(EntryKind.called.rawValue)
            unsigned(UInt64(job))
            unsigned(UInt64(generation))
        case .answered(let job, let version):
            byte(EntryKind.answered.rawValue)
            unsigned(UInt64(job))
            flag(version != nil)
            if let version { signed(Int64(version)) }
        case .attemptFailed(let job, let retryAt, let error):
            byte(EntryKind.attemptFailed.rawValue)
            unsigned(UInt64(job))
            time(retryAt, relativeTo: at)
            blob(error.bytes)
        case .stepFinished(let result):
            byte(EntryKind.stepFinished.rawValue)
            step(result.step)
            byte(result.outcome.rawValue)
            payload(result.memo)
            label(result.label)
        case .parallel(let steps, let joint):
            byte(EntryKind.parallel.rawValue)
            unsigned(UInt64(steps.count))
            for id in steps { step(id) }
            fixed(joint)
        case .planMode(let on):
            byte(EntryKind.planMode.rawValue)
            flag(on)
        case .invoked(let wait):
            byte(EntryKind.invoked.rawValue)
            step(wait.step)
            unsigned(UInt64(wait.deadlineJob))
            ulid(wait.event)
            text(wait.functionSlug)
            flag(wait.isRace)
        case .stepNamed(let id, let stepLabel):
            byte(EntryKind.stepNamed.rawValue)
            step(id)
            label(stepLabel)
        case .finished(let end):
            byte(EntryKind.finished.rawValue)
            byte(end.status.rawValue)
            flag(end.output != nil)
            if let output = end.output { payload(output) }
            text(end.cause)
        case .listening(let listener):
            byte(EntryKind.listening.rawValue)
            self.listener(listener, at: at)
        case .displaced(let number):
            byte(EntryKind.displaced.rawValue)
            unsigned(UInt64(number))
        case .expires(let expiry, let time):
            byte(EntryKind.expires.rawValue)
            byte(expiry.rawValue)
            flag(time != nil)
            if let time { self.time(time, relativeTo: at) }
        case .keyed(let flow):
            byte(EntryKind.keyed.rawValue)
            self.flow(flow)
        case .invokedBy(let invoker):
            byte(EntryKind.invokedBy.rawValue)
            self.invoker(invoker)
        case .waited(let obstacle, let since):
            byte(EntryKind.waited.rawValue)
            byte(obstacle.rule.rawValue)
            text(obstacle.key)
            time(since, relativeTo: at)
        case .origin(let origin):
            byte(EntryKind.origin.rawValue)
            self.origin(origin)
        case .woken(let job):
            byte(EntryKind.woken.rawValue)
            unsigned(UInt64(job))
        case .checkpointed(let job):
            byte(EntryKind.checkpointed.rawValue)
            unsigned(UInt64(job))
        case .deferred(let deferral):
            byte(EntryKind.deferred.rawValue)
            step(deferral.key)
            text(deferral.function)
            payload(deferral.input)
            flag(deferral.meta != nil)
            if let meta = deferral.meta { blob(meta.bytes) }
        case .deferAborted(let key):
            byte(EntryKind.deferAborted.rawValue)
            step(key)
        case .annotated(let annotation):
            byte(EntryKind.annotated.rawValue)
            target(annotation.target)
            text(annotation.update.kind)
            byte(annotation.update.operation.rawValue)
            blob(annotation.update.values.bytes)
        case .stepDescribed(let description):
            byte(EntryKind.stepDescribed.rawValue)
            step(description.step)
            text(description.type)
            flag(description.input != nil)
            if let input = description.input { payload(input) }
        case .leftOut(let key, let reason):
            byte(EntryKind.leftOut.rawValue)
            step(key)
            text(reason)
        case .gateway(let call):
            byte(EntryKind.gateway.rawValue)
            gateway(call)
        case .endpoint(let terms):
            byte(EntryKind.endpoint.rawValue)
            signed(Int64(terms.version))
            unsigned(UInt64(terms.retries))
        case .hosted(let job, let until):
            byte(EntryKind.hosted.rawValue)
            unsigned(UInt64(job))
            time(until, relativeTo: at)
        }
    }

    private mutating func target(_ target: Annotation.Target) {
        switch target {
        case .run: byte(0)
        case .step(let id): stepKey(1, id)
        case .attempt(let id, let attempt):
            stepKey(2, id)
            unsigned(UInt64(attempt))
        case .span(let id, let attempt, let span):
            stepKey(3, id)
            unsigned(UInt64(attempt))
            text(span)
        }
    }

    private mutating func gateway(_ call: GatewayCall) {
        unsigned(UInt64(call.job))
        flag(call.version != nil)
        if let version = call.version { signed(Int64(version)) }
        unsigned(UInt64(call.requests.count))
        for request in call.requests {
            step(request.step)
            label(request.label)
            flag(request.isRace)
            text(request.host)
            payload(request.input)
        }
    }

    private mutating func origin(_ origin: RunOrigin) {
        ulid(origin.run)
        switch origin.start {
        case .beginning: byte(0)
        case .failure: byte(1)
        case .step(let id): stepKey(2, id)
        }
        flag(origin.input != nil)
        if let input = origin.input { payload(input) }
        flag(origin.replay != nil)
        if let replay = origin.replay { ulid(replay) }
    }

    private mutating func invoker(_ invoker: Invoker) {
        unsigned(UInt64(invoker.shard))
        signed(invoker.run)
        ulid(invoker.runID)
        step(invoker.step)
    }

    private mutating func listener(_ listener: Listener, at: Timestamp) {
        unsigned(UInt64(listener.number))
        switch listener.purpose {
        case .event(let id, let isRace):
            byte(0)
            step(id)
            flag(isRace)
        case .signal(let id, let isRace, let replaces):
            byte(1)
            step(id)
            flag(isRace)
            flag(replaces)
        case .cancellation: byte(2)
        }
        text(listener.name)
        flag(listener.condition != nil)
        if let condition = listener.condition { text(condition) }
        time(listener.since, relativeTo: at)
        time(listener.until, relativeTo: at)
    }

    private mutating func job(_ job: Job, at: Timestamp) {
        unsigned(UInt64(job.number))
        key(job.key)
        switch job.kind {
        case .discovery: byte(0)
        case .target(let id):
            byte(1)
            step(id)
        case .sleep(let id):
            byte(2)
            step(id)
        case .deadline(let id):
            byte(3)
            step(id)
        }
        unsigned(UInt64(job.attempt))
        unsigned(UInt64(job.generation))
        time(job.wakeTime, relativeTo: at)
        unsigned(UInt64(job.stackPosition))
        flag(job.isRace)
    }

    private mutating func key(_ key: JobKey) {
        switch key {
        case .start: byte(0)
        case .after(let id): stepKey(1, id)
        case .afterFailure(let id): stepKey(2, id)
        case .plan(let id): stepKey(3, id)
        case .sleep(let id): stepKey(4, id)
        case .deadline(let id): stepKey(5, id)
        case .resumed(let id): stepKey(6, id)
        case .timedOut(let id): stepKey(7, id)
        case .joined(let hash):
            byte(8)
            fixed(hash)
        case .requested(let number):
            byte(9)
            unsigned(UInt64(number))
        }
    }

    private mutating func stepKey(_ kind: UInt8, _ id: StepID) {
        byte(kind)
        step(id)
    }

    private mutating func ulid(_ id: ULID) {
        fixed(id.high)
        fixed(id.low)
    }

    private mutating func uuid(_ id: UUID16) {
        fixed(id.high)
        fixed(id.low)
    }

    /// 0 and the digest of a hashed id; else the text, its length plus one before it, because an id may
    /// be empty.
    private mutating func step(_ id: StepID) {
        if let words = id.sha1Bytes {
            byte(0)
            for word in words { byte(word) }
        } else {
            let text = id.utf8
            unsigned(UInt64(text.count) + 1)
            for unit in text { byte(unit) }
        }
    }

    private mutating func time(_ time: Timestamp, relativeTo base: Timestamp) {
        signed(time.milliseconds &- base.milliseconds)
    }

    private mutating func payload(_ payload: Payload) {
        if let row = payload.row {
            flag(true)
            signed(row)
        } else {
            flag(false)
            blob(payload.json.bytes)
        }
    }

    private mutating func label(_ label: StepLabel) {
        text(label.name)
        byte(label.kind.rawValue)
    }
}

extension BinaryReader {
    fileprivate mutating func entry(
        at: Timestamp,
        payload fetch: (RowID) -> RawJSON?
    ) throws(JournalDecodingError) -> JournalEntry {
        let kindByte = try byte()
        guard let kind = EntryKind(rawValue: kindByte) else { throw unknown("entry kind", kindByte) }
        switch kind {
        case .started:
            var start = RunStart(id: try ulid(), function: try uuid(), functionSlug: try text(), events: [])
            for _ in 0..<(try count()) { start.events.append(try signed()) }
            if try flag() { start.invoker = try invoker() }
            return .started(start)
        case .scheduled:
            return .scheduled(try job(at: at))
        case .called:
            return .called(job: try integer(JobNumber.self), generation: try integer(UInt32.self))
        case .answered:
            let job = try integer(JobNumber.self)
            return .answered(job: job, version: try flag() ? Int(try signed()) : nil)
        case .attemptFailed:
            return .attemptFailed(
                job: try integer(JobNumber.self),
                retryAt: try time(relativeTo: at),
                error: try json()
            )
        case .stepFinished:
            let id = try step()
            let outcomeByte = try byte()
            guard let outcome = StepResult.Outcome(rawValue: outcomeByte) else {
                throw unknown("step outcome", outcomeByte)
            }
            return .stepFinished(
                StepResult(step: id, outcome: outcome, memo: try payload(fetch), label: try label())
            )
        case .parallel:
            var steps: [StepID] = []
            for _ in 0..<(try count()) { steps.append(try step()) }
            return .parallel(steps: steps, joint: try fixed())
        case .planMode:
            return .planMode(try flag())
        case .invoked:
            return .invoked(
                InvokeWait(
                    step: try step(),
                    deadlineJob: try integer(JobNumber.self),
                    event: try ulid(),
                    functionSlug: try text(),
                    isRace: try flag()
                )
            )
        case .stepNamed:
            return .stepNamed(try step(), try label())
        case .finished:
            let statusByte = try byte()
            guard let status = RunStatus(rawValue: statusByte) else { throw unknown("run status", statusByte) }
            let output = try flag() ? try payload(fetch) : nil
            return .finished(RunEnd(status: status, output: output, cause: try text()))
        case .listening:
            return .listening(try listener(at: at))
        case .displaced:
            return .displaced(try integer(ListenerNumber.self))
        case .expires:
            let expiryByte = try byte()
            guard let expiry = RunExpiry(rawValue: expiryByte) else { throw unknown("expiry", expiryByte) }
            return .expires(expiry, at: try flag() ? try time(relativeTo: at) : nil)
        case .keyed: return .keyed(try flow())
        case .invokedBy: return .invokedBy(try invoker())
        case .waited:
            let ruleByte = try byte()
            guard let rule = FlowRule(rawValue: ruleByte) else { throw unknown("rule", ruleByte) }
            return .waited(Obstacle(rule, key: try text()), since: try time(relativeTo: at))
        case .origin: return .origin(try origin(payload: fetch))
        case .woken: return .woken(job: try integer(JobNumber.self))
        case .checkpointed: return .checkpointed(job: try integer(JobNumber.self))
        case .deferred:
            return .deferred(
                Deferral(
                    key: try step(), function: try text(), input: try payload(fetch),
                    meta: try flag() ? try json() : nil
                )
            )
        case .deferAborted: return .deferAborted(try step())
        case .annotated:
            let target = try target()
            let kind = try text()
            let operationByte = try byte()
            guard let operation = MetadataUpdate.Operation(rawValue: operationByte) else {
                throw unknown("operation of metadata", operationByte)
            }
            let update = MetadataUpdate(kind: kind, operation: operation, values: try json())
            return .annotated(Annotation(target: target, update: update))
        case .stepDescribed:
            return .stepDescribed(
                StepDescription(step: try step(), type: try text(), input: try flag() ? try payload(fetch) : nil)
            )
        case .leftOut: return .leftOut(try step(), reason: try text())
        case .gateway: return .gateway(try gateway(payload: fetch))
        case .endpoint:
            return .endpoint(EndpointTerms(version: Int(try signed()), retries: try integer(Int.self)))
        case .hosted: return .hosted(job: try integer(JobNumber.self), until: try time(relativeTo: at))
        }
    }

    private mutating func target() throws(JournalDecodingError) -> Annotation.Target {
        let kind = try byte()
        switch kind {
        case 0: return .run
        case 1: return .step(try step())
        case 2: return .attempt(try step(), try integer(Int.self))
        case 3: return .span(try step(), try integer(Int.self), id: try text())
        default: throw unknown("target of metadata", kind)
        }
    }

    private mutating func gateway(payload fetch: (RowID) -> RawJSON?) throws(JournalDecodingError) -> GatewayCall {
        let job = try integer(JobNumber.self)
        var call = GatewayCall(job: job, version: try flag() ? Int(try signed()) : nil, requests: [])
        for _ in 0..<(try count()) {
            call.requests.append(
                GatewayCall.Request(
                    step: try step(), label: try label(), isRace: try flag(), host: try text(),
                    input: try payload(fetch)
                )
            )
        }
        return call
    }

    private mutating func origin(payload fetch: (RowID) -> RawJSON?) throws(JournalDecodingError) -> RunOrigin {
        let run = try ulid()
        let startByte = try byte()
        let start: RerunStart
        switch startByte {
        case 0: start = .beginning
        case 1: start = .failure
        case 2: start = .step(try step())
        default: throw unknown("start of a repeated run", startByte)
        }
        let input = try flag() ? try payload(fetch) : nil
        return RunOrigin(run: run, start: start, input: input, replay: try flag() ? try ulid() : nil)
    }

    private mutating func invoker() throws(JournalDecodingError) -> Invoker {
        Invoker(shard: try integer(ShardID.self), run: try signed(), runID: try ulid(), step: try step())
    }

    private mutating func listener(at: Timestamp) throws(JournalDecodingError) -> Listener {
        let number = try integer(ListenerNumber.self)
        let purposeByte = try byte()
        let purpose: Listener.Purpose
        switch purposeByte {
        case 0: purpose = .event(try step(), isRace: try flag())
        case 1: purpose = .signal(try step(), isRace: try flag(), replaces: try flag())
        case 2: purpose = .cancellation
        default: throw unknown("purpose of a listener", purposeByte)
        }
        return Listener(
            number: number, purpose: purpose, name: try text(), condition: try flag() ? try text() : nil,
            since: try time(relativeTo: at), until: try time(relativeTo: at)
        )
    }

    private func unknown(_ what: String, _ value: UInt8) -> JournalDecodingError {
        JournalDecodingError(offset: offset, reason: "unknown \(what) \(value)")
    }

    /// A number of items that follow; each takes a byte at least, so more than that is damage.
    private mutating func count() throws(JournalDecodingError) -> Int {
        try integer(Int.self)
    }

    private mutating func job(at: Timestamp) throws(JournalDecodingError) -> Job {
        let number = try integer(JobNumber.self)
        let key = try key()
        let kindByte = try byte()
        let kind: Job.Kind
        switch kindByte {
        case 0: kind = .discovery
        case 1: kind = .target(try step())
        case 2: kind = .sleep(try step())
        case 3: kind = .deadline(try step())
        default: throw unknown("job kind", kindByte)
        }
        let attempt = try integer(UInt16.self)
        let generation = try integer(UInt32.self)
        var job = Job(
            number: number,
            key: key,
            kind: kind,
            due: try time(relativeTo: at),
            stackPosition: try integer(UInt32.self),
            isRace: try flag()
        )
        job.attempt = attempt
        job.generation = generation
        return job
    }

    private mutating func key() throws(JournalDecodingError) -> JobKey {
        let kind = try byte()
        switch kind {
        case 0: return .start
        case 1: return .after(try step())
        case 2: return .afterFailure(try step())
        case 3: return .plan(try step())
        case 4: return .sleep(try step())
        case 5: return .deadline(try step())
        case 6: return .resumed(try step())
        case 7: return .timedOut(try step())
        case 8: return .joined(try fixed())
        case 9: return .requested(try integer(UInt32.self))
        default: throw unknown("job key", kind)
        }
    }

    private mutating func ulid() throws(JournalDecodingError) -> ULID {
        ULID(high: try fixed(), low: try fixed())
    }

    private mutating func uuid() throws(JournalDecodingError) -> UUID16 {
        UUID16(high: try fixed(), low: try fixed())
    }

    private mutating func step() throws(JournalDecodingError) -> StepID {
        let mark = try unsigned()
        if mark == 0 {
            var digest: [UInt8] = []
            digest.reserveCapacity(20)
            for _ in 0..<20 { digest.append(try byte()) }
            guard let id = StepID(sha1Bytes: digest) else {
                throw JournalDecodingError(offset: offset, reason: "invalid step id")
            }
            return id
        }
        var text: [UInt8] = []
        let length = mark - 1
        guard length <= StepID.limit else { throw JournalDecodingError(offset: offset, reason: "step id too long") }
        for _ in 0..<length { text.append(try byte()) }
        guard let id = StepID(String(decoding: text, as: UTF8.self)) else {
            throw JournalDecodingError(offset: offset, reason: "invalid step id")
        }
        return id
    }

    private mutating func time(relativeTo base: Timestamp) throws(JournalDecodingError) -> Timestamp {
        Timestamp(milliseconds: base.milliseconds &+ (try signed()))
    }

    private mutating func payload(_ fetch: (RowID) -> RawJSON?) throws(JournalDecodingError) -> Payload {
        guard try flag() else { return Payload(try json()) }
        let row = try signed()
        guard let json = fetch(row) else {
            throw JournalDecodingError(offset: offset, reason: "payload \(row) is missing")
        }
        return Payload(json, row: row)
    }

    /// Checked, because damage must not find its way into the bodies of calls.
    private mutating func json() throws(JournalDecodingError) -> RawJSON {
        let bytes = try blob()
        do {
            // A result stands inside more braces here than where its depth was limited.
            return try RawJSON(parsing: bytes, limits: JSONLimits(depth: .max, size: .max))
        } catch {
            throw JournalDecodingError(offset: offset, reason: error.description)
        }
    }

    private mutating func label() throws(JournalDecodingError) -> StepLabel {
        let name = try text()
        let kindByte = try byte()
        guard let kind = StepKind(rawValue: kindByte) else { throw unknown("step kind", kindByte) }
        return StepLabel(name: name, kind: kind)
    }
}
