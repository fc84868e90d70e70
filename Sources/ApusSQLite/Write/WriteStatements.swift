/// The statements of the hot path, prepared once for each connection that writes.
struct WriteStatements {
    /// Moves the shard on to a batch.
    let advance: Statement
    /// Inserts an event.
    let event: Statement
    /// Inserts a run.
    let run: Statement
    /// Makes a run live.
    let begin: Statement
    /// Changes a live run whose alarm stays.
    let step: Statement
    /// Changes a live run and its alarm.
    let rearm: Statement
    /// Ends a run's life.
    let leave: Statement
    /// Fills in how a run ended.
    let end: Statement
    let extend: Statement
    /// Adds to what is counted of a minute.
    let count: Statement
    /// Appends to the journal.
    let turn: Statement
    /// Inserts a large value.
    let payload: Statement
    /// Stores an app.
    let app: Statement
    /// Puts a message into the outbox.
    let send: Statement
    /// Notes the newest number sent.
    let sent: Statement
    /// Takes acknowledged messages out of the outbox.
    let forget: Statement
    /// Notes the newest number applied.
    let applied: Statement
    /// Inserts a listener.
    let listen: Statement
    /// Removes a listener.
    let unlisten: Statement
    /// Removes all listeners of a run.
    let unlistenAll: Statement
    /// Notes that a listener has seen what was there before it.
    let lookedBack: Statement
    /// Notes an event that has to reach its listeners.
    let lookPending: Statement
    /// Takes that back.
    let lookDone: Statement
    /// Notes a schedule's newest tick.
    let schedule: Statement
    /// Removes a schedule.
    let unschedule: Statement
    /// Notes what has become of a backfill.
    let backfillMoved: Statement
    /// Stores an event schedule.
    let eventSchedule: Statement
    /// Pauses one or lets it go on.
    let eventSchedulePause: Statement
    /// Changes which of its missed ticks are made up for.
    let eventScheduleCatchUp: Statement
    /// Removes one.
    let removeEventSchedule: Statement
    /// Moves the cursor of ticks on.
    let ticked: Statement
    /// Removes what has fired once.
    let forgetFired: Statement
    /// Notes what the next owner has to know of a run.
    let keep: Statement
    /// Takes that back.
    let unkeep: Statement
    /// Notes what a throttle or rate limit remembers of a key.
    let arrival: Statement
    /// Removes what is over.
    let forgetArrivals: Statement
    /// Stores a debounce or batch.
    let pend: Statement
    /// Removes its events.
    let emptyPending: Statement
    /// Stores one of its events.
    let join: Statement
    /// Lets a batch take no more events.
    let close: Statement
    /// Removes a debounce or batch.
    let unpend: Statement
    /// Notes what became of an event.
    let outcome: Statement

    init(_ connection: OpaquePointer) throws(SQLiteFailure) {
        func prepare(_ sql: String) throws(SQLiteFailure) -> Statement { try Statement(sql, on: connection) }
        // Changes no row unless the batch is the next one of the shard's present owner.
        advance = try prepare(
            "UPDATE shards SET batch = ?1, time = max(time, ?2) WHERE shard = ?3 AND epoch = ?4 AND batch = ?1 - 1"
        )
        event = try prepare("INSERT INTO events (row, id, key, name, received_at, body) VALUES (?, ?, ?, ?, ?, ?)")
        run = try prepare(
            "INSERT INTO runs (row, id, function, event, created_at, status, origin) VALUES (?, ?, ?, ?, ?, 0, ?)"
        )
        begin = try prepare("INSERT INTO live (run, head, started_at, wake_at, alarm) VALUES (?, ?, ?, ?, ?)")
        // Two statements, because SQLite rewrites an index entry also when its value stays the same.
        step = try prepare("UPDATE live SET head = ?2, started_at = ?3, wake_at = ?4 WHERE run = ?1 AND alarm IS ?5")
        rearm = try prepare("UPDATE live SET head = ?2, started_at = ?3, wake_at = ?4, alarm = ?5 WHERE run = ?1")
        leave = try prepare("DELETE FROM live WHERE run = ?")
        end = try prepare(
            "UPDATE runs SET status = ?2, started_at = ?3, ended_at = ?4, head = ?5 WHERE row = ?1 RETURNING function"
        )
        extend = try prepare("UPDATE runs SET head = ?2 WHERE row = ?1 AND status <> 0")
        count = try prepare(
            """
            INSERT INTO run_counts (minute, function, state, count) VALUES (?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET count = count + excluded.count
            """
        )
        turn = try prepare("INSERT INTO journal (row, run, previous, turn) VALUES (?, ?, ?, ?)")
        payload = try prepare("INSERT INTO payloads (row, json) VALUES (?, ?)")
        app = try prepare(
            """
            INSERT OR REPLACE INTO apps (id, name, url, sdk_language, sdk_version, framework, app_version,
                checksum, error, synced_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        send = try prepare("INSERT INTO outbox (sender, receiver, number, message) VALUES (?, ?, ?, ?)")
        sent = try prepare("INSERT OR REPLACE INTO sent (sender, receiver, number) VALUES (?, ?, ?)")
        forget = try prepare("DELETE FROM outbox WHERE sender = ? AND receiver = ? AND number <= ?")
        applied = try prepare("INSERT OR REPLACE INTO inbox (receiver, sender, number) VALUES (?, ?, ?)")
        listen = try prepare(
            """
            INSERT INTO listeners (run, number, topic, key, condition, since, until, looks_back)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        unlisten = try prepare("DELETE FROM listeners WHERE run = ? AND number = ?")
        unlistenAll = try prepare("DELETE FROM listeners WHERE run = ?")
        lookedBack = try prepare("UPDATE listeners SET looks_back = 0 WHERE run = ? AND number = ?")
        lookPending = try prepare("INSERT OR IGNORE INTO looks (event) VALUES (?)")
        lookDone = try prepare("DELETE FROM looks WHERE event = ?")
        schedule = try prepare(
            """
            INSERT OR REPLACE INTO schedules (function, expression, last, paused_at, catch_up, overlap, run, run_id,
                buffered)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        eventSchedule = try prepare(
            """
            INSERT OR REPLACE INTO event_schedules (id, shard, name, cron, at, since, due, paused_at, catch_up, digest,
                event_name, event)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        eventSchedulePause = try prepare(
            "UPDATE event_schedules SET paused_at = ?2, since = ?3, due = ?4 WHERE id = ?1")
        eventScheduleCatchUp = try prepare("UPDATE event_schedules SET catch_up = ?2 WHERE id = ?1")
        removeEventSchedule = try prepare("DELETE FROM event_schedules WHERE id = ?")
        ticked = try prepare("INSERT OR REPLACE INTO tick_cursors (shard, at, id) VALUES (?, ?, ?)")
        forgetFired = try prepare(
            "DELETE FROM event_schedules WHERE shard = ?1 AND due IS NOT NULL AND (due, id) <= (?2, ?3)"
        )
        keep = try prepare(
            """
            INSERT OR REPLACE INTO kept (run, function, created_at, started, calls, waits_since, flow, id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        unkeep = try prepare("DELETE FROM kept WHERE run = ?")
        arrival = try prepare("INSERT OR REPLACE INTO arrivals (shard, key, time) VALUES (?, ?, ?)")
        forgetArrivals = try prepare("DELETE FROM arrivals WHERE shard = ? AND time <= ?")
        pend = try prepare(
            """
            INSERT OR REPLACE INTO pendings (run, function, kind, rule, key, key_text, opened_at, fires_at,
                event_time, closed)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        emptyPending = try prepare("DELETE FROM pending_events WHERE run = ?")
        join = try prepare("INSERT INTO pending_events (run, position, event, bytes, invoker) VALUES (?, ?, ?, ?, ?)")
        close = try prepare("UPDATE pendings SET closed = 1, fires_at = ?2 WHERE run = ?1")
        unpend = try prepare("DELETE FROM pendings WHERE run = ?")
        outcome = try prepare(
            "INSERT OR REPLACE INTO outcomes (event, function, rule, at, key, run, taken) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        backfillMoved = try prepare("UPDATE backfills SET started = ?2, state = ?3, ended_at = ?4 WHERE id = ?1")
        unschedule = try prepare("DELETE FROM schedules WHERE function = ? AND expression = ?")
    }
}
