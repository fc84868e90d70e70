extension CronSchedule {
    /// The schedule in English, for people.
    ///
    /// For example `every weekday at 09:00, Europe/Berlin`, `every 15 minutes` or `at 00:00 on the 1st and
    /// 15th of January and July`. Times are those of a 24 hour clock. The zone is named if the expression names
    /// one. Schedules that fire at different minutes have different words.
    public var words: String {
        let time = TimeWords(minutes: pattern.minutes.values, hours: pattern.hours.values)
        let sentence = DayWords(pattern).sentence(time)
        return namesZone ? "\(sentence), \(zoneName)" : sentence
    }
}
