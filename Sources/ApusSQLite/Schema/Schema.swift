/// The tables, as the newest migration leaves them. `docs/architecture.md` says what each is for.
///
/// Rows are appended under integers that the engine draws; ids are 16-byte blobs beside them. What
/// repeats in many rows (event names, function ids) is an integer too. STRICT tables turn a value
/// of the wrong type into a refused batch instead of a surprise for a later reader.
enum Schema {
    /// "Apus" in ASCII: tells our files from any other program's.
    static let applicationID: Int64 = 0x4170_7573

    /// The format that this program writes, one more with every migration.
    static var version: Int64 { migrations.last?.version ?? 0 }

    /// Oldest first; what was released is never changed.
    static let migrations = [
        Migration(version: 1, sql: first), Migration(version: 2, sql: listeners), Migration(version: 3, sql: pauses),
        Migration(version: 4, sql: flowControl), Migration(version: 5, sql: scheduling),
        Migration(version: 6, sql: searching), Migration(version: 7, sql: backfills),
        Migration(version: 8, sql: eventSchedules), Migration(version: 9, sql: replays),
        Migration(version: 10, sql: spans),
    ]

    private static let spans = """
        -- Spans that apps made during calls of a run.
        CREATE TABLE spans (
            run INTEGER NOT NULL,
            id INTEGER NOT NULL,
            -- JSON.
            span BLOB NOT NULL,
            PRIMARY KEY (run, id)
        ) STRICT, WITHOUT ROWID;
        """

    private static let replays = """
        -- The run that a run repeats.
        ALTER TABLE runs ADD COLUMN origin BLOB;
        CREATE INDEX runs_by_origin ON runs (origin) WHERE origin IS NOT NULL;

        -- Orders to repeat the runs of a function.
        CREATE TABLE replays (
            id BLOB PRIMARY KEY,
            function BLOB NOT NULL,
            slug TEXT NOT NULL,
            -- One bit for each state that the runs may have ended in.
            states INTEGER NOT NULL,
            from_time INTEGER,
            until_time INTEGER NOT NULL,
            start INTEGER NOT NULL,
            per_minute INTEGER NOT NULL,
            found INTEGER NOT NULL,
            state INTEGER NOT NULL,
            -- The run that was dealt with last.
            created_after INTEGER,
            row_after INTEGER,
            started INTEGER NOT NULL,
            skipped INTEGER NOT NULL,
            problem TEXT NOT NULL,
            actor TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT, WITHOUT ROWID;
        """

    private static let searching = """
        -- Lists of runs, by when they were created. Completed runs are the many that are left out of the
        -- second: others would have to be looked for among them.
        CREATE INDEX runs_by_time ON runs (created_at);
        CREATE INDEX runs_by_status ON runs (status, created_at) WHERE status <> 1;
        CREATE INDEX runs_by_function ON runs (function, created_at);

        -- How many runs came into each state, by the minutes since 1970.
        CREATE TABLE run_counts (
            minute INTEGER NOT NULL,
            function INTEGER NOT NULL REFERENCES functions (row),
            state INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (minute, function, state)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO run_counts SELECT created_at / 60000 AS minute, function, 0, count(*) FROM runs
            WHERE minute > (SELECT coalesce(max(time), 0) / 60000 - 43200 FROM shards) GROUP BY minute, function;
        INSERT INTO run_counts SELECT ended_at / 60000 AS minute, function, status + 1, count(*) FROM runs
            WHERE status <> 0 AND minute > (SELECT coalesce(max(time), 0) / 60000 - 43200 FROM shards)
            GROUP BY minute, function, status;
        """

    private static let backfills = """
        -- Orders to run a schedule's function as of ticks of the past.
        CREATE TABLE backfills (
            id BLOB PRIMARY KEY,
            function BLOB NOT NULL,
            expression TEXT NOT NULL,
            slug TEXT NOT NULL,
            from_time INTEGER NOT NULL,
            to_time INTEGER NOT NULL,
            ticks INTEGER NOT NULL,
            started INTEGER NOT NULL,
            state INTEGER NOT NULL,
            actor TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            ended_at INTEGER
        ) STRICT, WITHOUT ROWID;
        -- The ticks of those that are under way, encoded. Apart, because they never change.
        CREATE TABLE backfill_ticks (
            backfill BLOB PRIMARY KEY,
            ticks BLOB NOT NULL
        ) STRICT;
        """

    private static let eventSchedules = """
        -- Schedules that send an event.
        CREATE TABLE event_schedules (
            row INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            shard INTEGER NOT NULL,
            name TEXT NOT NULL,
            -- An expression, or the one time.
            cron TEXT,
            at INTEGER,
            since INTEGER NOT NULL,
            -- The tick of one that fires once, while it is to come.
            due INTEGER,
            paused_at INTEGER,
            catch_up INTEGER NOT NULL,
            digest INTEGER NOT NULL,
            event_name TEXT NOT NULL,
            -- Everything but the name, as JSON; last, because it may be long.
            event BLOB NOT NULL
        ) STRICT;
        CREATE INDEX event_schedules_due ON event_schedules (shard, due, id) WHERE due IS NOT NULL;

        -- All ticks of a shard up to this one have been dealt with.
        CREATE TABLE tick_cursors (
            shard INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            id BLOB NOT NULL
        ) STRICT;
        """

    private static let scheduling = """
        -- What people have set.
        ALTER TABLE schedules ADD COLUMN paused_at INTEGER;
        ALTER TABLE schedules ADD COLUMN catch_up INTEGER;
        ALTER TABLE schedules ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0;
        -- The run of the newest tick that has started one, and a tick that waits for its end.
        ALTER TABLE schedules ADD COLUMN run INTEGER;
        ALTER TABLE schedules ADD COLUMN run_id BLOB;
        ALTER TABLE schedules ADD COLUMN buffered INTEGER;

        -- Runs that have not started, by when they are to.
        CREATE INDEX live_to_start ON live (alarm) WHERE started_at IS NULL AND alarm IS NOT NULL;
        """

    private static let flowControl = """
        -- Limits that people have set, as JSON.
        ALTER TABLE functions ADD COLUMN override TEXT;

        -- Orders for runs that wait to start.
        ALTER TABLE cancellations ADD COLUMN backlog INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE cancellations ADD COLUMN backlog_key TEXT;
        ALTER TABLE cancellations ADD COLUMN backlog_target BLOB;

        -- Who changed what.
        CREATE TABLE audit (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT;

        -- Runs that wait for their turn or take up room; what a shard reads before it begins.
        CREATE TABLE kept (
            run INTEGER PRIMARY KEY,
            function INTEGER NOT NULL REFERENCES functions (row),
            created_at INTEGER NOT NULL,
            started INTEGER NOT NULL,
            calls INTEGER NOT NULL,
            waits_since INTEGER,
            flow BLOB,
            -- Of singletons only.
            id BLOB
        ) STRICT;

        -- What throttles and rate limits remember of a key, until the time has passed.
        CREATE TABLE arrivals (
            shard INTEGER NOT NULL,
            key BLOB NOT NULL,
            -- In nanoseconds.
            time INTEGER NOT NULL,
            PRIMARY KEY (shard, key)
        ) STRICT, WITHOUT ROWID;

        -- Debounces and batches, under the id that their run will have.
        CREATE TABLE pendings (
            run BLOB PRIMARY KEY,
            function INTEGER NOT NULL REFERENCES functions (row),
            kind INTEGER NOT NULL,
            rule INTEGER NOT NULL,
            key BLOB NOT NULL,
            key_text TEXT NOT NULL,
            opened_at INTEGER NOT NULL,
            fires_at INTEGER NOT NULL,
            event_time INTEGER NOT NULL,
            closed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE pending_events (
            run BLOB NOT NULL REFERENCES pendings (run),
            position INTEGER NOT NULL,
            event INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            invoker BLOB,
            PRIMARY KEY (run, position)
        ) STRICT, WITHOUT ROWID;

        -- What became of events besides starting runs of their own.
        CREATE TABLE outcomes (
            event INTEGER NOT NULL,
            function INTEGER NOT NULL REFERENCES functions (row),
            rule INTEGER NOT NULL,
            at INTEGER NOT NULL,
            key TEXT NOT NULL,
            run BLOB,
            taken INTEGER NOT NULL,
            PRIMARY KEY (event, function)
        ) STRICT, WITHOUT ROWID;
        """

    private static let pauses = """
        ALTER TABLE functions ADD COLUMN paused_at INTEGER;

        -- Cron triggers; everything until the newest tick has been dealt with.
        CREATE TABLE schedules (
            function BLOB NOT NULL,
            expression TEXT NOT NULL,
            last INTEGER NOT NULL,
            PRIMARY KEY (function, expression)
        ) STRICT, WITHOUT ROWID;

        -- Orders to cancel runs.
        CREATE TABLE cancellations (
            id BLOB PRIMARY KEY,
            app TEXT NOT NULL,
            function BLOB NOT NULL,
            slug TEXT NOT NULL,
            started_after INTEGER,
            started_before INTEGER NOT NULL,
            condition TEXT,
            created_at INTEGER NOT NULL,
            finished_at INTEGER,
            cancelled INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let listeners = """
        -- Under which anything listens: an event's name and the path of a key, joined by U+001F; empty
        -- where there is none.
        CREATE TABLE topics (
            row INTEGER PRIMARY KEY,
            name BLOB NOT NULL,
            path BLOB NOT NULL,
            UNIQUE (name, path)
        ) STRICT;

        CREATE TABLE listeners (
            run INTEGER NOT NULL,
            number INTEGER NOT NULL,
            topic INTEGER NOT NULL REFERENCES topics (row),
            key INTEGER NOT NULL,
            condition TEXT,
            since INTEGER NOT NULL,
            until INTEGER NOT NULL,
            -- What was there before still has to be looked at.
            looks_back INTEGER NOT NULL,
            PRIMARY KEY (run, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX listeners_by_key ON listeners (topic, key);
        CREATE INDEX listeners_looking_back ON listeners (run) WHERE looks_back = 1;

        -- Events that have not reached all their listeners.
        CREATE TABLE looks (
            event INTEGER PRIMARY KEY
        ) STRICT;
        """

    private static let first = """
        CREATE TABLE shards (
            shard INTEGER PRIMARY KEY,
            epoch INTEGER NOT NULL,
            batch INTEGER NOT NULL,
            time INTEGER NOT NULL,
            -- Rows below these were drawn once, even when none of them is left.
            event_floor INTEGER NOT NULL DEFAULT 0,
            run_floor INTEGER NOT NULL DEFAULT 0,
            turn_floor INTEGER NOT NULL DEFAULT 0,
            payload_floor INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE names (
            row INTEGER PRIMARY KEY,
            -- UTF-8, told apart byte by byte.
            name BLOB NOT NULL UNIQUE
        ) STRICT;

        CREATE TABLE apps (
            id BLOB PRIMARY KEY,
            name TEXT NOT NULL,
            url TEXT NOT NULL,
            sdk_language TEXT NOT NULL,
            sdk_version TEXT NOT NULL,
            framework TEXT NOT NULL,
            app_version TEXT NOT NULL,
            checksum TEXT NOT NULL,
            error TEXT,
            synced_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE functions (
            row INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            app BLOB NOT NULL,
            version INTEGER NOT NULL,
            is_archived INTEGER NOT NULL,
            slug TEXT NOT NULL,
            source BLOB NOT NULL
        ) STRICT;

        CREATE TABLE events (
            row INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            key BLOB,
            name INTEGER NOT NULL REFERENCES names (row),
            received_at INTEGER NOT NULL,
            body BLOB NOT NULL
        ) STRICT;
        -- Not unique: a repeated request stores its events again under the same ids.
        CREATE INDEX events_by_id ON events (id);
        CREATE INDEX events_by_key ON events (key) WHERE key IS NOT NULL;
        CREATE INDEX events_by_name ON events (name);

        CREATE TABLE runs (
            row INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            function INTEGER NOT NULL REFERENCES functions (row),
            event INTEGER NOT NULL REFERENCES events (row),
            created_at INTEGER NOT NULL,
            status INTEGER NOT NULL,
            -- The rest is only filled in when the run has ended.
            started_at INTEGER,
            ended_at INTEGER,
            head INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX runs_by_id ON runs (id);
        CREATE INDEX runs_by_event ON runs (event);

        -- What changes with every step, of the runs that have not ended. Apart from `runs` because
        -- these rows are small and lie close together: a batch changes a few pages instead of many.
        CREATE TABLE live (
            run INTEGER PRIMARY KEY REFERENCES runs (row),
            head INTEGER NOT NULL,
            started_at INTEGER,
            wake_at INTEGER,
            -- `wake_at`, or 0 when that time had come already: a run that is being called or is
            -- queued stays where it is in the index, however often its time changes.
            alarm INTEGER
        ) STRICT;
        CREATE INDEX live_by_alarm ON live (alarm) WHERE alarm IS NOT NULL;

        -- Read from a run's head along `previous`, 0 at the first; nothing else has to find a turn,
        -- so no index grows with every step.
        CREATE TABLE journal (
            row INTEGER PRIMARY KEY,
            run INTEGER NOT NULL,
            previous INTEGER NOT NULL,
            turn BLOB NOT NULL
        ) STRICT;

        CREATE TABLE payloads (
            row INTEGER PRIMARY KEY,
            json BLOB NOT NULL
        ) STRICT;

        CREATE TABLE outbox (
            sender INTEGER NOT NULL,
            receiver INTEGER NOT NULL,
            number INTEGER NOT NULL,
            message BLOB NOT NULL,
            PRIMARY KEY (sender, receiver, number)
        ) STRICT, WITHOUT ROWID;
        -- The newest number sent, also when the receiver has acknowledged everything.
        CREATE TABLE sent (
            sender INTEGER NOT NULL,
            receiver INTEGER NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (sender, receiver)
        ) STRICT, WITHOUT ROWID;
        -- The newest number applied.
        CREATE TABLE inbox (
            receiver INTEGER NOT NULL,
            sender INTEGER NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (receiver, sender)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE quarantine (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            input TEXT NOT NULL,
            reason TEXT NOT NULL
        ) STRICT;
        """
}

/// One step from a format to the next.
struct Migration {
    /// The format afterwards.
    var version: Int64
    /// Any number of statements, run in one transaction.
    var sql: String
}
