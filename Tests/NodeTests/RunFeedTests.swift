import ApusCore
import ApusNode
import Testing

@Suite("The feed of changed runs")
struct RunFeedTests {
    private let feed = RunFeed()

    private func run(_ number: Int) -> ULID { ULID(high: 1, low: UInt64(number)) }

    @Test("tells each run once between two questions, in the order of the first changes")
    func order() throws {
        let listener = try #require(feed.listen())
        for number in [3, 1, 3, 2, 1] { feed.publish(run(number)) }
        #expect(feed.news(for: listener).runs == [run(3), run(1), run(2)])
        #expect(feed.news(for: listener).isEmpty)
        feed.publish(run(1))
        #expect(feed.news(for: listener).runs == [run(1)])
    }

    @Test("says so when more has changed than it remembers")
    func overflow() throws {
        let listener = try #require(feed.listen())
        for number in 0..<RunFeed.most { feed.publish(run(number)) }
        feed.publish(run(0))
        #expect(!feed.news(for: listener).isIncomplete)
        for number in 0...RunFeed.most { feed.publish(run(number)) }
        let news = feed.news(for: listener)
        #expect(news.isIncomplete && news.runs.count == RunFeed.most)
    }

    @Test("tells those who listen to one run of that run alone")
    func wanted() throws {
        let one = try #require(feed.listen(to: run(7)))
        let all = try #require(feed.listen())
        for number in [6, 7, 8] { feed.publish(run(number)) }
        #expect(feed.news(for: one).runs == [run(7)])
        #expect(feed.news(for: all).runs.count == 3)
    }

    @Test("has so many places, which become free again")
    func places() throws {
        let listeners = (0..<RunFeed.places).compactMap { _ in feed.listen() }
        #expect(feed.isFull && listeners.count == RunFeed.places && feed.listen() == nil)
        feed.stop(listeners[0])
        #expect(!feed.isFull && feed.news(for: listeners[0]).isEmpty)
        #expect(feed.listen() != nil)
    }
}
