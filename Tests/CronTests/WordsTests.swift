import ApusCron
import Testing

@Suite("Words")
struct WordsTests {
    @Test(
        "a schedule in English",
        arguments: [
            // Times.
            ("* * * * *", "every minute"), ("*/2 * * * *", "every 2 minutes"), ("*/15 * * * *", "every 15 minutes"),
            ("0,15,30,45 * * * *", "every 15 minutes"), ("0,30 * * * *", "every 30 minutes"),
            ("10/20 * * * *", "every 20 minutes from minute 10 of every hour"),
            ("5-55/10 * * * *", "every 10 minutes from minute 5 of every hour"),
            ("*/7 * * * *", "every 7th minute from 0 to 56 past every hour"),
            ("1-9 * * * *", "every minute from 1 to 9 past every hour"),
            ("3,17,44 * * * *", "at minutes 3, 17 and 44 past every hour"),
            ("10-30/5 * * * *", "every 5th minute from 10 to 30 past every hour"),
            ("0 * * * *", "every hour"), ("*/90 * * * *", "every hour"), ("5 * * * *", "every hour at minute 5"),
            ("0 */6 * * *", "every 6 hours"), ("0 3/6 * * *", "every 6 hours from 03:00 to 21:00"),
            ("30 */8 * * *", "every 8 hours from 00:30 to 16:30"),
            ("0 */5 * * *", "every 5 hours from 00:00 to 20:00"),
            ("0 9-17 * * *", "every hour from 09:00 to 17:00"), ("30 9-17 * * *", "every hour from 09:30 to 17:30"),
            ("0 9-17/2 * * *", "every 2 hours from 09:00 to 17:00"),
            ("* 9 * * *", "every minute from 09:00 to 09:59"), ("* 9-17 * * *", "every minute from 09:00 to 17:59"),
            ("*/15 9-17 * * *", "every 15 minutes from 09:00 to 17:45"),
            ("7/10 9-17 * * *", "every 10 minutes from 09:07 to 17:57"),
            ("*/7 9-17 * * *", "every 7th minute from 0 to 56 past every hour from 9 to 17"),
            ("*/10 */2 * * *", "every 10th minute from 0 to 50 past every 2nd hour from 0 to 22"),
            ("* 1,5 * * *", "every minute past hours 1 and 5"),
            ("*/10 */12 * * *", "every 10th minute from 0 to 50 past hours 0 and 12"),
            ("*/7 5 * * *", "every 7th minute from 0 to 56 past hour 5"),
            ("1,2,3 1,5,8,9 * * *", "every minute from 1 to 3 past hours 1, 5, 8 and 9"),
            ("0 9 * * *", "every day at 09:00"), ("5 0 * * *", "every day at 00:05"),
            ("0 */12 * * *", "every day at 00:00 and 12:00"), ("0 */25 * * *", "every day at 00:00"),
            ("*/20 5 * * *", "every day at 05:00, 05:20 and 05:40"),
            ("0,30 8,17 * * *", "every day at 08:00, 08:30, 17:00 and 17:30"),
            ("0,45 8,17 * * *", "every day at 08:00, 08:45, 17:00 and 17:45"),
            // Days of the week.
            ("0 9 * * 1-5", "every weekday at 09:00"), ("0 9 * * MON-FRI", "every weekday at 09:00"),
            ("0 9 * * 1,2,3,4,5", "every weekday at 09:00"), ("0 9 * * 5", "every Friday at 09:00"),
            ("0 9 * * 0,6", "every Sunday and Saturday at 09:00"),
            ("0 9 * * 1,3,5", "every Monday, Wednesday and Friday at 09:00"),
            ("0 9 * * 1-4", "every day from Monday to Thursday at 09:00"), ("0 9 * * 0-6", "every day at 09:00"),
            ("*/15 * * * 1-5", "every 15 minutes on weekdays"),
            ("0 9-17 * * 1-5", "every hour from 09:00 to 17:00 on weekdays"),
            ("0 * * * 6,0", "every hour on Sundays and Saturdays"),
            ("0 * * * 2-4", "every hour on the days from Tuesday to Thursday"),
            // Days of the month and months.
            ("0 0 1 * *", "at 00:00 on the 1st of every month"),
            ("0 0 1,15 jan,jul *", "at 00:00 on the 1st and 15th of January and July"),
            ("0 0 1-7 * *", "at 00:00 on the 1st to 7th of every month"),
            ("0 0 */2 * *", "at 00:00 on every 2nd day from the 1st to the 31st of every month"),
            ("0 0 */10 * *", "at 00:00 on the 1st, 11th, 21st and 31st of every month"),
            ("0 0 2,3,12,13,22,23 * *", "at 00:00 on the 2nd, 3rd, 12th, 13th, 22nd and 23rd of every month"),
            ("*/5 * 1 * *", "every 5 minutes on the 1st of every month"),
            ("0 0 * 2 *", "every day at 00:00 in February"), ("* * * 2 *", "every minute in February"),
            ("0 0 1 */3 *", "at 00:00 on the 1st of January, April, July and October"),
            ("59 23 31 12 *", "at 23:59 on the 31st of December"),
            ("0 8 ? 6-8 MON,WED", "every Monday and Wednesday at 08:00 in June, July and August"),
            // Either day.
            ("0 12 13 * 5", "at 12:00 on the 13th of every month and also on every Friday"),
            ("0 0 1,15 3 MON-FRI", "at 00:00 on the 1st and 15th of March and also on every weekday in March"),
            ("0 0 1-31 * 5", "every day at 00:00"), ("0 0 */1 * 5", "every Friday at 00:00"),
            ("0 0 1 * ,", "at 00:00 on the 1st of every month"), ("0 0 , * 5", "every Friday at 00:00"),
            ("*/30 * 13 * 5", "every 30 minutes on the 13th of every month and also on every Friday"),
            // Zones and descriptors.
            ("TZ=Europe/Berlin 0 9 * * 1-5", "every weekday at 09:00, Europe/Berlin"),
            ("TZ=UTC */5 * * * *", "every 5 minutes, UTC"), ("TZ= 0 9 * * *", "every day at 09:00, UTC"),
            ("TZ=Local 0 9 * * *", "every day at 09:00, UTC"), ("@hourly", "every hour"),
            ("@weekly", "every Sunday at 00:00"), ("CRON_TZ=Asia/Tokyo @daily", "every day at 00:00, Asia/Tokyo"),
        ]
    )
    func words(text: String, words: String) throws {
        #expect(try CronSchedule(text).words == words)
    }

    @Test("schedules that fire at different minutes have different words")
    func distinct() throws {
        var random = SeededGenerator(seed: 17)
        var meanings: [String: [Set<Int>]] = [:]
        var texts: [String: String] = [:]
        for _ in 0..<iterations(400) {
            let expression = RandomExpression(busy: Int.random(in: 0..<4, using: &random) > 0, using: &random)
            guard let schedule = try? CronSchedule(expression.text) else { continue }
            let words = schedule.words
            let other = meanings.updateValue(expression.meaning, forKey: words)
            #expect(
                other == nil || other == expression.meaning,
                "\(words): \(expression.text) and \(texts[words] ?? "")"
            )
            texts[words] = expression.text
        }
    }

    @Test("all pairs of simple minutes and hours have different words")
    func distinctTimes() throws {
        var meanings: [String: [[Int]]] = [:]
        let items = [59, 23].map { last in
            let lists = ["*", "0", "5", "0,1", "0,2", "0,12", "0,\((last + 1) / 2)", "0,1,5"]
            let ranges = ["0-2", "3-9", "5-\(last)", "0-\(last - 1)"]
            let steps = (2...last + 1).map { "*/\($0)" } + (2...12).map { "1/\($0)" } + (2...6).map { "3-17/\($0)" }
            return lists + ranges + steps
        }
        for minute in items[0] {
            for hour in items[1] {
                let schedule = try CronSchedule("\(minute) \(hour) * * *")
                let meaning = [schedule.values(of: .minute), schedule.values(of: .hour)]
                let words = schedule.words
                #expect(meanings[words] == nil || meanings[words] == meaning, "\(schedule): \(words)")
                meanings[words] = meaning
            }
        }
    }
}
