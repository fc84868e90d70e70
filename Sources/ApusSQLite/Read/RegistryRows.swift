import ApusCore
import ApusEngine
import ApusStore

/// Apps and functions as they are stored.
enum RegistryRows {
    /// Everything that was ever synced.
    /// - Throws: `.unreadable` when a function is not understood any more.
    static func read(on connection: OpaquePointer) throws -> Registry {
        Registry(apps: try apps(on: connection), functions: try functions(on: connection))
    }

    private static func apps(on connection: OpaquePointer) throws -> [AppRecord] {
        let find = try Statement(
            """
            SELECT id, name, url, sdk_language, sdk_version, framework, app_version, checksum, error, synced_at
            FROM apps ORDER BY id
            """,
            on: connection
        )
        var apps: [AppRecord] = []
        while try find.step() {
            apps.append(
                AppRecord(
                    id: find.uuid(0), name: find.text(1), url: find.text(2), sdkLanguage: find.text(3),
                    sdkVersion: find.text(4), framework: find.text(5), appVersion: find.text(6),
                    checksum: find.text(7), error: find.isNull(8) ? nil : find.text(8),
                    syncedAt: find.time(9)
                )
            )
        }
        return apps
    }

    /// What was registered is kept as it was sent and understood again, so that an option that this
    /// release does not know yet is there when a later one does.
    private static func functions(on connection: OpaquePointer) throws -> [FunctionRecord] {
        let find = try Statement(
            "SELECT id, app, version, is_archived, source, slug, paused_at, override FROM functions ORDER BY row",
            on: connection
        )
        var functions: [FunctionRecord] = []
        while try find.step() {
            let source = try find.json(4, "the function \(find.text(5))")
            guard let configuration = FunctionConfiguration.decode(stored: source) else {
                throw StoreError.unreadable("the function \(find.text(5)) is no object")
            }
            functions.append(
                FunctionRecord(
                    id: find.uuid(0), app: find.uuid(1), version: Int(find.int(2)), isArchived: find.int(3) != 0,
                    pausedAt: find.time(orNil: 6), override: try override(find, 7), configuration: configuration
                )
            )
        }
        return functions
    }

    private static func override(_ find: Statement, _ column: Int32) throws(StoreError) -> LimitOverride? {
        guard !find.isNull(column) else { return nil }
        let json = try find.json(column, "the limits of function \(find.text(5))")
        do {
            return try LimitOverride(json)
        } catch {
            throw .unreadable("the limits of function \(find.text(5)): \(error)")
        }
    }
}

extension Statement {
    /// JSON, checked, because damage must not find its way into the bodies of calls.
    /// - Parameter what: names the row for the error.
    func json(_ column: Int32, _ what: @autoclosure () -> String) throws(StoreError) -> RawJSON {
        do {
            return try RawJSON(parsing: bytes(column), limits: JSONLimits(depth: .max, size: .max))
        } catch {
            throw .unreadable("\(what()): \(error)")
        }
    }

    func uuid(_ column: Int32) -> UUID16 {
        let (high, low) = halves(column)
        return UUID16(high: high, low: low)
    }

    func ulid(_ column: Int32) -> ULID {
        let (high, low) = halves(column)
        return ULID(high: high, low: low)
    }

    func time(_ column: Int32) -> Timestamp {
        Timestamp(milliseconds: int(column))
    }

    func time(orNil column: Int32) -> Timestamp? {
        int(orNil: column).map(Timestamp.init(milliseconds:))
    }
}
