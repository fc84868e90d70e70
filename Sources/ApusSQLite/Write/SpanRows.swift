import ApusCore
import ApusEngine
import ApusStore

/// Spans that apps made.
extension Writer {
    func keep(_ spans: [AppSpan], of id: ULID) throws -> Int? {
        try transaction {
            let find = try statement("SELECT row FROM runs WHERE id = ?")
            find.bind(1, high: id.high, low: id.low)
            guard try find.step() else { return nil }
            let run = find.int(0)
            find.reset()
            let count = try statement("SELECT count(*) FROM spans WHERE run = ?")
            count.bind(1, run)
            guard try count.step() else { return nil }
            var stored = count.int(0)
            count.reset()
            let known = try statement("SELECT 1 FROM spans WHERE run = ? AND id = ?")
            let insert = try statement("INSERT OR REPLACE INTO spans (run, id, span) VALUES (?, ?, ?)")
            var kept = 0
            for span in spans {
                known.bind(1, run)
                known.bind(2, Int64(bitPattern: span.id))
                let isKnown = try known.step()
                known.reset()
                guard isKnown || stored < AppSpan.countLimit else { continue }
                insert.bind(1, run)
                insert.bind(2, Int64(bitPattern: span.id))
                insert.bind(3, span.stored.bytes)
                try insert.run()
                if !isKnown { stored += 1 }
                kept += 1
            }
            return kept
        }
    }

    /// Empties all tables but that of the shards.
    func reset() throws {
        try transaction {
            let list = try statement(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'shards'"
            )
            var tables: [String] = []
            while try list.step() { tables.append(list.text(0)) }
            // Rows of one table name rows of another, which may go before them.
            try statement("PRAGMA defer_foreign_keys = ON").run()
            for table in tables { try statement("DELETE FROM \(table)").run() }
            try raiseEpochs()
        }
        names.forget()
        topics.forget()
        functions.forget()
    }

    private func raiseEpochs() throws {
        try statement("UPDATE shards SET epoch = epoch + 1").run()
    }
}

extension ReadSession {
    func spans(ofRun id: ULID) throws -> [AppSpan] {
        let find = try statement("SELECT span FROM spans WHERE run = (SELECT row FROM runs WHERE id = ?) ORDER BY id")
        find.bind(1, high: id.high, low: id.low)
        var found: [AppSpan] = []
        while try find.step() {
            guard let json = try? RawJSON(parsing: find.bytes(0)), let span = AppSpan(stored: json) else {
                throw StoreError.unreadable("a span of run \(id)")
            }
            found.append(span)
        }
        return found.sorted { $0.id < $1.id }
    }
}
