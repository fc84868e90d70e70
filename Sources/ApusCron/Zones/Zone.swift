/// The offsets of one time zone from UTC, as an immutable table.
///
/// The table holds every change that the data names and, where a rule goes on for ever, the changes of 400
/// further years. The Gregorian calendar repeats itself exactly after 400 years, dates and days of the
/// week alike, so that later instants are looked up in those. One binary search answers every question.
package final class Zone: Sendable {
    /// The name by which the zone was found.
    package let name: String
    /// The first second of each stretch of constant offset, ascending; the first is `Int64.min`.
    private let starts: [Int64]
    /// The offset of each stretch in seconds, positive east of Greenwich.
    private let offsets: [Int32]
    /// Where the years begin that repeat for ever; nil if the last offset stays.
    private let cycleStart: Int64?

    /// The seconds in 400 years.
    static let cycleLength: Int64 = 146_097 * 86_400

    /// UTC.
    package static let utc = Zone(name: "UTC", initialOffset: 0, changes: [])

    /// A change of the offset.
    struct Change: Hashable, Sendable {
        /// The first second, since the Unix epoch, with the new offset.
        var second: Int64
        /// The new offset in seconds, positive east of Greenwich.
        var offset: Int32
    }

    /// A time during which the offset stays the same.
    package struct Stretch: Hashable, Sendable {
        /// The first second; `Int64.min` for the first stretch.
        package var start: Int64
        /// The second behind the last one; `Int64.max` for the last stretch.
        package var end: Int64
        /// The offset in seconds, positive east of Greenwich.
        package var offset: Int64
    }

    /// Makes a zone.
    ///
    /// - Parameters:
    ///   - initialOffset: The offset in seconds before the first change.
    ///   - changes: The changes in ascending order; those that change nothing are left out, and of several in one
    ///     second the last one counts.
    ///   - cycleStart: The second from which on the 400 years behind it repeat. The changes must cover them.
    init(name: String, initialOffset: Int32, changes: [Change], cycleStart: Int64? = nil) {
        self.name = name
        var starts: [Int64] = [.min]
        var offsets = [initialOffset]
        for change in changes {
            if change.second == starts.last, starts.count > 1 {
                // Rules that save all the year round end and start again in the same second.
                starts.removeLast()
                offsets.removeLast()
            }
            if change.offset != offsets.last {
                starts.append(change.second)
                offsets.append(change.offset)
            }
        }
        self.starts = starts
        self.offsets = offsets
        let cycleEnd = cycleStart.map { $0 + Zone.cycleLength }
        self.cycleStart = cycleEnd.map { end in starts.contains { $0 >= end } } ?? false ? cycleStart : nil
    }

    private init(name: String, like zone: Zone) {
        self.name = name
        starts = zone.starts
        offsets = zone.offsets
        cycleStart = zone.cycleStart
    }

    /// The same zone under another name.
    func named(_ name: String) -> Zone {
        Zone(name: name, like: self)
    }

    /// The stretch that an instant lies in.
    ///
    /// - Parameter second: Seconds since the Unix epoch.
    package func stretch(containing second: Int64) -> Stretch {
        guard let cycleStart, second >= cycleStart + Zone.cycleLength else { return tabulated(second) }
        let shift = (second - cycleStart) / Zone.cycleLength * Zone.cycleLength
        let stretch = tabulated(second - shift)
        return Stretch(start: stretch.start + shift, end: stretch.end + shift, offset: stretch.offset)
    }

    private func tabulated(_ second: Int64) -> Stretch {
        // The last start that is not behind the second.
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= second {
                low = middle
            } else {
                high = middle
            }
        }
        return Stretch(start: starts[low], end: high < starts.count ? starts[high] : .max, offset: Int64(offsets[low]))
    }
}
