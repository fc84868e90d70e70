import ApusCore

/// Decides when to read the next stretch of the store's wake-up index, so that near alarms are in
/// memory and far ones are not.
///
/// The horizon moves *before* a stretch is read, and the read begins only after every decision made
/// until then is durable: a run that falls asleep meanwhile is either in the stretch or puts itself
/// into the heap.
struct WakeReader {
    /// Every wake-up until here is in memory or being read.
    private(set) var horizon = Timestamp(milliseconds: -1)
    private var cursor: Wake?
    private var isReading = false
    /// More rows lie below the horizon than the last page could hold.
    private var hasMore = false
    private let span: TimeSpan
    private let page: Int

    init(span: TimeSpan, page: Int) {
        self.span = span
        self.page = page
    }

    struct Read {
        var after: Wake?
        var upTo: Timestamp
        var limit: Int
    }

    /// Whether a run's alarm belongs into memory. When the clock has leapt past the horizon, alarms behind it
    /// count too: once they have passed, the index has them where it was read already.
    func isNear(_ due: Timestamp, now: Timestamp) -> Bool {
        due <= max(horizon, now + .milliseconds(span.milliseconds / 2))
    }

    /// When the next stretch will be needed.
    var nextRead: Timestamp? {
        if isReading || hasMore { return nil }
        return horizon.milliseconds < 0
            ? Timestamp(milliseconds: 0)
            : Timestamp(milliseconds: horizon.milliseconds - span.milliseconds / 2)
    }

    /// - Parameter earliest: the next alarm in memory. While it is not past the last page, every wake-up
    ///   that was not read yet is later, and the next page can wait. The number of alarms in memory
    ///   would be the wrong measure: runs that go to sleep all the time could keep it high for ever.
    mutating func begin(at now: Timestamp, earliest: Timestamp?) -> Read? {
        guard !isReading else { return nil }
        if hasMore {
            if let earliest, let cursor, earliest <= cursor.at { return nil }
        } else {
            guard let due = nextRead, due <= now else { return nil }
            horizon = max(horizon, now + span)
        }
        isReading = true
        return Read(after: cursor, upTo: horizon, limit: page)
    }

    mutating func receive(_ page: WakePage) {
        isReading = false
        hasMore = page.isFull
        cursor = page.isFull ? page.wakes.last : Wake(at: page.upTo, run: .max)
    }
}
