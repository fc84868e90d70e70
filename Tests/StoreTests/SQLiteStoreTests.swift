import Testing

@Suite struct SQLiteStoreTests {}
