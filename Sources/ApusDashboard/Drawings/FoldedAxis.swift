/// An axis of time on which long idle stretches are folded to a visible cut, so that a sleep of three days does
/// not squeeze the calls around it.
///
/// Times are milliseconds, places are 0 to 1000.
struct FoldedAxis: Hashable, Sendable {
    /// A stretch of time and where it lies. Together they cover the whole axis without gaps.
    struct Stretch: Hashable, Sendable {
        var from: Int64
        var until: Int64
        var x: Double
        var width: Double
        var isFolded: Bool
    }

    private(set) var stretches: [Stretch] = []

    static let width = 1_000.0
    /// What a fold takes.
    private static let foldWidth = 90.0
    private static let most = 5
    /// How many times longer than all the rest a stretch has to be.
    private static let excess: Int64 = 3
    /// What is shorter is never folded, in milliseconds.
    private static let least: Int64 = 2_000

    /// - Parameters:
    ///   - busy: stretches in which something was called or waited for its turn, in any order.
    init(from: Int64, until: Int64, busy: [Range<Int64>]) {
        let until = max(until, from + 1)
        let folds = Self.folds(idle: Self.gaps(in: from..<until, busy), total: until - from)
        let rest = until - from - folds.reduce(0) { $0 + Int64($1.count) }
        let scale = (Self.width - Double(folds.count) * Self.foldWidth) / Double(max(rest, 1))
        var (time, x) = (from, 0.0)
        func add(_ end: Int64, width: Double, isFolded: Bool) {
            guard end > time else { return }
            stretches.append(Stretch(from: time, until: end, x: x, width: width, isFolded: isFolded))
            (time, x) = (end, x + width)
        }
        for fold in folds {
            add(fold.lowerBound, width: Double(fold.lowerBound - time) * scale, isFolded: false)
            add(fold.upperBound, width: Self.foldWidth, isFolded: true)
        }
        add(until, width: Self.width - x, isFolded: false)
    }

    private static func gaps(in whole: Range<Int64>, _ busy: [Range<Int64>]) -> [Range<Int64>] {
        var gaps: [Range<Int64>] = []
        var end = whole.lowerBound
        for stretch in busy.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let from = min(max(stretch.lowerBound, whole.lowerBound), whole.upperBound)
            if from > end { gaps.append(end..<from) }
            end = max(end, min(stretch.upperBound, whole.upperBound))
        }
        if end < whole.upperBound { gaps.append(end..<whole.upperBound) }
        return gaps
    }

    /// The longest gap goes first; each has to dwarf what is then left.
    private static func folds(idle: [Range<Int64>], total: Int64) -> [Range<Int64>] {
        var rest = total
        var folds: [Range<Int64>] = []
        for gap in idle.sorted(by: { $0.count > $1.count }).prefix(most) {
            let others = rest - Int64(gap.count)
            guard Int64(gap.count) >= least, Int64(gap.count) / excess >= others else { break }
            folds.append(gap)
            rest = others
        }
        return folds.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Where a time lies; times outside lie at the ends.
    func place(of time: Int64) -> Double {
        guard let first = stretches.first, time > first.from else { return 0 }
        guard let stretch = stretches.first(where: { time < $0.until }) else { return Self.width }
        let share = Double(time - stretch.from) / Double(stretch.until - stretch.from)
        return stretch.x + share * stretch.width
    }

    /// The time at a place.
    func time(at place: Double) -> Int64 {
        guard let stretch = stretches.first(where: { place < $0.x + $0.width }) ?? stretches.last else { return 0 }
        guard stretch.width > 0 else { return stretch.from }
        let share = min(max((place - stretch.x) / stretch.width, 0), 1)
        return stretch.from + Int64((share * Double(stretch.until - stretch.from)).rounded())
    }

    var folds: [Stretch] { stretches.filter(\.isFolded) }

    /// Places of ticks: the ends, and between them those that stand in no fold and not too near to another.
    var ticks: [Double] {
        let candidates = [0.25, 0.5, 0.75].map { $0 * Self.width }
        var places = [0.0]
        for place in candidates {
            let isFree = folds.allSatisfy { place < $0.x - 20 || place > $0.x + $0.width + 20 }
            if isFree, place - (places.last ?? 0) >= 125, Self.width - place >= 125 { places.append(place) }
        }
        return places + [Self.width]
    }
}
