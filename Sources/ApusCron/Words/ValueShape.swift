/// What the values of a field look like, whatever notation they were written in.
enum ValueShape: Hashable {
    /// Every value of the field.
    case all
    /// One value.
    case single(Int)
    /// Three or more values without a gap.
    case range(ClosedRange<Int>)
    /// Equal distances of at least 2 that go on evenly into the next hour or day: `*/15` or `5/20` of 60 minutes.
    case cycle(first: Int, step: Int)
    /// Three or more values at equal distances of at least 2.
    case progression(first: Int, step: Int, last: Int)
    /// Anything else.
    case list([Int])

    /// Finds the shape of values that are not empty and ascend.
    init(_ values: [Int], of field: CronField) {
        let first = values[0]
        let last = values[values.count - 1]
        if values.count == field.range.count {
            self = .all
            return
        }
        if values.count == 1 {
            self = .single(first)
            return
        }
        let step = values[1] - first
        let isEven = zip(values, values.dropFirst()).allSatisfy { $1 - $0 == step }
        let size = field.range.count
        let goesOn = field == .minute || field == .hour
        if isEven, step > 1, goesOn, size % step == 0, values.count == size / step {
            self = .cycle(first: first, step: step)
        } else if isEven, values.count > 2 {
            self = step == 1 ? .range(first...last) : .progression(first: first, step: step, last: last)
        } else {
            self = .list(values)
        }
    }
}
