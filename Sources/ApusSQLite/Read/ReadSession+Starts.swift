import ApusCore
import ApusEngine
import ApusStore

/// Runs that are to start later.
extension ReadSession {
    /// The index holds those runs and the few that are about to start, however many others sleep.
    static let startsQuery = """
        SELECT live.alarm, live.run, runs.id, functions.slug, events.id, names.name
        FROM live INDEXED BY live_to_start
        CROSS JOIN runs ON runs.row = live.run
        CROSS JOIN functions ON functions.row = runs.function
        CROSS JOIN events ON events.row = runs.event
        CROSS JOIN names ON names.row = events.name
        LEFT JOIN kept ON kept.run = live.run
        WHERE live.started_at IS NULL AND live.alarm IS NOT NULL AND (live.alarm, live.run) > (?1, ?2)
            AND kept.waits_since IS NULL
        ORDER BY live.alarm, live.run LIMIT ?3
        """

    func scheduledStarts(after: Wake, limit: Int) throws -> [ScheduledStart] {
        let find = try statement(Self.startsQuery)
        find.bind(1, after.at.milliseconds)
        find.bind(2, after.run)
        find.bind(3, Int64(page(limit)))
        var found: [ScheduledStart] = []
        while try find.step() {
            found.append(
                ScheduledStart(
                    wake: Wake(at: find.time(0), run: find.int(1)), run: find.ulid(2), functionSlug: find.text(3),
                    event: find.ulid(4), eventName: find.text(5)
                )
            )
        }
        return found
    }
}
